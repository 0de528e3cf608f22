#include "judging/rate.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "judging/judge.hpp"
#include "judging/judge_pool.hpp"
#include "runs/result.hpp"
#include "statistics/krippendorff.hpp"

namespace austeer {

namespace {

/// What the raters gave one answer in one aspect.
std::vector<double> numbers_of(const AnswerRatings& answer, std::size_t aspect) {
  std::vector<double> numbers;
  for (const std::optional<Rating>& rating : answer) numbers.push_back(rating.value()[aspect]);
  return numbers;
}

double mean_of(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

/// The items that count, of several results.
class CountedRatings {
 public:
  explicit CountedRatings(std::span<const ItemRatings> items) {
    for (const ItemRatings& item : items) {
      if (item.complete()) items_.push_back(&item);
    }
  }

  std::size_t size() const { return items_.size(); }
  std::size_t results() const { return items_.front()->answers.size(); }

  AspectSummary of_result(std::size_t result, std::size_t aspect) const {
    AspectSummary summary;
    for (std::size_t rater = 0; rater < raters().size(); ++rater) {
      RaterSummary of_rater;
      for (const ItemRatings* item : items_) {
        const int rating = item->answers[result][rater].value()[aspect];
        of_rater.mean += static_cast<double>(rating) / static_cast<double>(items_.size());
        ++of_rater.counts.at(static_cast<std::size_t>(rating) - 1);
      }
      summary.mean += of_rater.mean / static_cast<double>(raters().size());
      summary.raters.push_back(of_rater);
    }
    return summary;
  }

  PairedComparison difference(std::size_t aspect) const {
    std::vector<double> means[2];
    for (const ItemRatings* item : items_) {
      for (std::size_t i = 0; i < 2; ++i) {
        means[i].push_back(mean_of(numbers_of(item->answers[i], aspect)));
      }
    }
    return compare_paired(means[0], means[1]);
  }

  std::optional<double> agreement(std::size_t aspect) const {
    std::vector<std::vector<double>> units;
    for (const ItemRatings* item : items_) {
      const std::size_t different = item->identical ? 1 : item->answers.size();
      for (std::size_t i = 0; i < different; ++i) {
        units.push_back(numbers_of(item->answers[i], aspect));
      }
    }
    return krippendorff_alpha(units);
  }

 private:
  std::vector<const ItemRatings*> items_;
};

Json aspect_json(const AspectSummary& summary) {
  Json by_rater = Json::array();
  for (std::size_t i = 0; i < summary.raters.size(); ++i) {
    by_rater.push_back({{"rater", raters()[i].name},
                        {"mean", summary.raters[i].mean},
                        {"counts", summary.raters[i].counts}});
  }
  return {{"mean", summary.mean}, {"by_rater", by_rater}};
}

Json difference_json(const PairedComparison& difference) {
  return {{"mean", difference.difference},    {"low", difference.interval.low},
          {"high", difference.interval.high}, {"better", difference.better},
          {"worse", difference.worse},        {"p_value", difference.p_value}};
}

/// An object with a member per aspect; null where there is nothing.
template <typename Value, typename ToJson>
Json by_aspect(const PerAspect<Value>& values, const ToJson& to_json) {
  Json made = Json::object();
  for (std::size_t i = 0; i < values.size(); ++i) made[rated_aspects[i]] = to_json(values[i]);
  return made;
}

}  // namespace

bool ItemRatings::complete() const {
  return std::ranges::all_of(answers, [](const AnswerRatings& answer) {
    return std::ranges::all_of(answer, [](const auto& rating) { return rating.has_value(); });
  });
}

RatingSummary summarise(std::span<const ItemRatings> items) {
  const CountedRatings counted(items);
  RatingSummary summary;
  summary.items = static_cast<std::int64_t>(items.size());
  summary.rated = static_cast<std::int64_t>(counted.size());
  if (summary.rated == 0) return summary;
  summary.results.resize(counted.results());
  for (std::size_t aspect = 0; aspect < rated_aspects.size(); ++aspect) {
    for (std::size_t result = 0; result < counted.results(); ++result) {
      summary.results[result][aspect] = counted.of_result(result, aspect);
    }
    if (counted.results() == 2) summary.differences[aspect] = counted.difference(aspect);
    summary.agreement[aspect] = counted.agreement(aspect);
  }
  return summary;
}

Json summary_json(const RatingSummary& summary, std::span<const std::string> names) {
  Json made = {{"items", summary.items}, {"rated", summary.rated}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    made[names[i]] = summary.results.empty() ? Json() : by_aspect(summary.results[i], aspect_json);
  }
  if (names.size() == 2) {
    made["difference"] = by_aspect(summary.differences, [](const auto& difference) {
      return difference ? difference_json(*difference) : Json();
    });
  }
  made["krippendorff_alpha"] =
      by_aspect(summary.agreement, [](const auto& alpha) { return alpha ? Json(*alpha) : Json(); });
  return made;
}

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

Json answer_json(const RateReport& report) {
  Json answer = rate_outcome(report);
  answer["asked"] = report.questions.asked;
  answer["result"] = report.result.string();
  return answer;
}

}  // namespace austeer
