#include "runs/rate.hpp"

#include <chrono>
#include <fmt/format.h>

#include "runs/judge_items.hpp"
#include "runs/judge_pool.hpp"
#include "runs/result.hpp"

namespace austeer {
namespace {

using RateClock = std::chrono::steady_clock;

/// The results that are rated: one, or two on the same prompts.
struct RatedResults {
  explicit RatedResults(const JudgeOptions& options)
      : baseline(read_result(options.baseline, "eval")) {
    names.emplace_back("baseline");
    if (!options.steered.empty()) {
      names.emplace_back("steered");
      steered = read_result(options.steered, "eval");
    }
    items = join_results(baseline, steered ? *steered : baseline);
  }

  /// The answers of an item that are rated.
  std::vector<std::string> answers(const JudgeItem& item) const {
    if (!steered) return {item.baseline};
    return {item.baseline, item.steered};
  }

  Result baseline;
  std::optional<Result> steered;
  std::vector<std::string> names;
  std::vector<JudgeItem> items;
};

std::vector<JudgeQuestion> questions_of(const RatedResults& results) {
  std::vector<JudgeQuestion> questions;
  for (const JudgeItem& item : results.items) {
    for (const std::string& answer : results.answers(item)) {
      for (const Rater& rater : raters()) {
        questions.push_back(rating_question(rater, item.prompt, answer));
      }
    }
  }
  return questions;
}

ItemRatings ratings_of(const JudgeItem& item, const RatedResults& results, const std::string& model,
                       const JudgeCache& cache) {
  ItemRatings ratings;
  ratings.identical = item.identical();
  for (const std::string& answer : results.answers(item)) {
    AnswerRatings& of_answer = ratings.answers.emplace_back();
    for (const Rater& rater : raters()) {
      const std::string key = rating_question(rater, item.prompt, answer).key(model);
      of_answer.push_back(parse_rating(cache.find(key).value()));
    }
  }
  return ratings;
}

/// {"asker": {"quality": 4, "alignment": 5}, ...}; null for a rater without a rating.
Json answer_json(const AnswerRatings& answer) {
  Json made = Json::object();
  for (std::size_t rater = 0; rater < answer.size(); ++rater) {
    Json& of_rater = made[std::string(raters()[rater].name)];
    if (!answer[rater]) continue;
    for (std::size_t i = 0; i < rated_aspects.size(); ++i) {
      of_rater[rated_aspects[i]] = (*answer[rater])[i];
    }
  }
  return made;
}

Json item_line(const JudgeItem& item, const ItemRatings& ratings, const RatedResults& results) {
  Json line = {{"place", item.place}, {"prompt_sha256", item.prompt_sha256}};
  for (std::size_t i = 0; i < results.names.size(); ++i) {
    line[results.names[i]] = answer_json(ratings.answers[i]);
  }
  return line;
}

Json configuration(const JudgeOptions& options, const RatedResults& results) {
  Json made = {{"baseline", judged_input(options.baseline, results.baseline)}};
  if (results.steered) made["steered"] = judged_input(options.steered, *results.steered);
  made.update(judge_configuration(options.chat, rating_version, rating_sha256()));
  return made;
}

}  // namespace

RateReport rate(const JudgeOptions& options) {
  const auto start = RateClock::now();
  check_judge_options(options);
  const RatedResults results(options);
  JudgeCache cache(judge_cache_file(options));

  RateReport report;
  report.task = task_name(results.baseline);
  report.rated_by = fmt::format("a model ({}), not by people", options.chat.model);
  report.results = results.names;
  report.questions = ask_missing(questions_of(results), options.chat, options.parallel, cache);
  std::vector<ItemRatings> ratings;
  std::vector<Json> lines;
  for (const JudgeItem& item : results.items) {
    ratings.push_back(ratings_of(item, results, options.chat.model, cache));
    lines.push_back(item_line(item, ratings.back(), results));
  }
  report.summary = summarise(ratings);

  const Json config = configuration(options, results);
  report.result =
      options.out.empty() ? default_result_path("rate", report.task, config) : options.out;
  const double seconds = std::chrono::duration<double>(RateClock::now() - start).count();
  write_result(report.result, "rate", config, rate_outcome(report),
               {{"run_seconds", seconds},
                {"asked", report.questions.asked},
                {"known", report.questions.known}},
               lines);
  return report;
}

Json rate_outcome(const RateReport& report) {
  Json made = {{"task", report.task}, {"rated_by", report.rated_by}};
  made.update(summary_json(report.summary, report.results));
  return made;
}

}  // namespace austeer
