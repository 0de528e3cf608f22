#include "studies/check.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <iterator>

#include "runs/collect.hpp"
#include "steering/methods.hpp"
#include "studies/judging.hpp"
#include "studies/selecting.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {

namespace {

std::string race_sentence(const Study& study, const Entry& entry, std::int64_t items) {
  const std::size_t variants = entry.method->variants.size();
  if (study.select != Selection::race || variants < 2) return "";
  const RaceSize size = race_size(variants, items, study.race_share);
  if (size.keeps_share) return "";
  const double all = static_cast<double>(variants) * static_cast<double>(items);
  return fmt::format(
      "{} on {}: the first round of its race has {} items for each of {} variants, so that the "
      "race "
      "takes up to {:.0f} % of the grid's evaluations, more than race_share allows ({:.0f} %).",
      entry.method_name(), entry.task->name, size.first,
      count_text(std::ssize(entry.method->variants)),
      100 * static_cast<double>(size.evaluations) / all, 100 * study.race_share);
}

}  // namespace

std::vector<std::string> task_forewarnings(const Study& study, const TaskSplits& splits,
                                           const std::vector<Entry>& entries) {
  std::vector<std::string> sentences;
  const auto add = [&](std::string sentence) {
    const bool is_new = std::ranges::find(sentences, sentence) == sentences.end();
    if (!sentence.empty() && is_new) sentences.push_back(std::move(sentence));
  };
  for (const Entry& entry : entries) {
    if (entry.method == nullptr) continue;
    add(pairs_left_sentence(entry.task->name, splits.pair_count(), splits.pairs_asked()));
    add(race_sentence(study, entry, splits.dev_count()));
  }
  return sentences;
}

std::vector<std::string> forewarnings(const Study& study, const std::vector<Entry>& entries) {
  std::vector<std::string> all;
  if (!study.chooses_on_dev()) return all;
  for (const StudyTask& task : study.tasks) {
    std::vector<Entry> of_task;
    std::ranges::copy_if(entries, std::back_inserter(of_task), [&](const Entry& entry) {
      return entry.task == &task && entry.method != nullptr;
    });
    if (of_task.empty()) continue;
    const TaskSplits splits(study, task, TaskSplits::count_only());
    for (std::string& sentence : task_forewarnings(study, splits, of_task)) {
      all.push_back(std::move(sentence));
    }
  }
  return all;
}

namespace {

/// `look` says what it saw, or throws; `name` stands for it then.
StudyCheck look_at(const std::string& name, const std::function<std::string()>& look) {
  try {
    return {fmt::format("{}: {}", name, look()), ""};
  } catch (const Error& error) {
    return {name, error.what()};
  }
}

/// Throws UsageError for layers of a variant that the model lacks.
void check_layers(const StudyMethod& method, const DecoderConfig& config,
                  const std::string& model) {
  for (const Variant& variant : method.variants) {
    const std::int64_t layer = variant.recipe.layer.value_or(0);
    if (layer >= 0 && layer < config.layers) continue;
    throw UsageError(ErrorParts{fmt::format("[study] {}: {} lacks a layer", method.name, model),
                                fmt::format("layers from 0 to {}", config.layers - 1),
                                std::to_string(layer), ""});
  }
}

std::string look_at_model(const Study& study, const std::string& model) {
  const DecoderConfig config = config_of_model(model);
  for (const Entry& entry : entries_of(study)) {
    if (entry.model == model && entry.method != nullptr) check_layers(*entry.method, config, model);
  }
  return fmt::format("{} layers of width {}", config.layers, config.width);
}

StudyCheck look_at_task(const Study& study, const StudyTask& task) {
  std::string note;
  StudyCheck check = look_at("task " + task.name, [&] {
    const TaskSplits splits(study, task, TaskSplits::count_only());
    check_judge(study, task, splits.task());
    if (splits.pair_count() > 0 && splits.task().needs_similarity()) check_similarity_model();
    std::string seen;
    if (splits.pair_count() > 0) seen += fmt::format("{} pairs, ", splits.pair_count());
    if (splits.dev_count() > 0) seen += fmt::format("{} items to choose by, ", splits.dev_count());
    std::vector<Entry> entries = entries_of(study);
    std::erase_if(entries, [&](const Entry& entry) { return entry.task != &task; });
    note = fmt::format("{}", fmt::join(task_forewarnings(study, splits, entries), " "));
    return seen + fmt::format("{} test items", splits.test_count());
  });
  check.note = std::move(note);
  return check;
}

std::string look_at_method(const StudyMethod& method) {
  for (const Variant& variant : method.variants) {
    methods().get(variant.method).reads(variant.sites, variant.settings);
    if (!variant.settings.contains("sae")) continue;
    const std::filesystem::path file = variant.settings.at("sae").get<std::string>();
    if (std::filesystem::exists(file)) continue;
    throw FileError("study", file.string() + ": there is no such autoencoder",
                    "experiments/train_sae.py trains one");
  }
  return fmt::format("{} variants, {} controls", method.variants.size(), method.controls.size());
}

}  // namespace

std::vector<StudyCheck> check_study(const Study& study) {
  std::vector<StudyCheck> checks;
  for (const std::string& model : study.models) {
    checks.push_back(look_at("model " + model, [&] { return look_at_model(study, model); }));
  }
  for (const StudyTask& task : study.tasks) {
    checks.push_back(look_at_task(study, task));
  }
  for (const StudyMethod& method : study.methods) {
    checks.push_back(look_at("method " + method.name, [&] {
      std::string seen;
      for (const Entry& entry : entries_of(study)) {
        if (entry.method_name() == method.name) seen = look_at_method(*entry.method);
      }
      return seen;
    }));
  }
  if (study.judge) {
    checks.push_back(look_at("judge", [&] { return look_at_judge(*study.judge); }));
  }
  return checks;
}

Json answer_json(const Study& study, std::span<const StudyCheck> checks) {
  Json all = Json::array();
  for (const StudyCheck& check : checks) {
    all.push_back({{"what", check.what}, {"problem", check.problem}, {"note", check.note}});
  }
  return {{"study", study.file.string()}, {"checks", std::move(all)}};
}

}  // namespace austeer
