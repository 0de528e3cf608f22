// From a task and its data to items. Pairs: task_pairs.cpp.
#include "tasks/task.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

#include "base/data_json.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/names.hpp"
#include "base/paths.hpp"
#include "base/utf8.hpp"
#include "tasks/dataset.hpp"
#include "tasks/metrics.hpp"

namespace austeer {

namespace {

using Texts = std::span<const std::string>;

/// The distinct texts, in order of appearance, and which of them each text is: those of the pool
/// come first.
struct Distinct {
  std::vector<std::string> texts;
  std::vector<std::size_t> index;    // of each original text
  std::vector<std::size_t> in_pool;  // how often each distinct text stands in the pool
  std::size_t pool = 0;              // so many distinct texts stand in the pool

  Distinct(Texts all, std::size_t pool_size) {
    std::map<std::string, std::size_t> seen;
    for (const std::string& text : all) {
      const auto [found, is_new] = seen.emplace(text, texts.size());
      if (is_new) {
        texts.push_back(text);
        in_pool.push_back(0);
      }
      if (index.size() < pool_size) {
        ++in_pool[found->second];
        pool = texts.size();
      }
      index.push_back(found->second);
    }
    if (pool < 2) {
      throw FormatError("task", "no two answers of the split differ: none can be a wrong one",
                        "Give the task pairs with texts of their own, or more data");
    }
  }
};

std::vector<std::string> next_answers(Texts right, const WrongAnswerSource& source,
                                      const NearestOthers&) {
  const Distinct distinct(right, source.pool);
  const Texts pool = right.first(std::min(source.pool, right.size()));
  std::vector<std::string> wrong(right.size());
  // Going backwards twice round, the next different answer is this one's successor, or that one's.
  std::size_t next = 0;
  for (std::size_t i = 2 * pool.size(); i-- > 0;) {
    const std::size_t here = i % pool.size();
    const std::size_t after = (here + 1) % pool.size();
    next = pool[after] != pool[here] ? after : next;
    wrong[here] = pool[next];
  }
  for (std::size_t i = pool.size(); i < right.size(); ++i) {
    wrong[i] = right[i] != pool[0] ? pool[0] : wrong[0];
  }
  return wrong;
}

std::vector<std::string> most_similar_different(Texts right, const WrongAnswerSource& source,
                                                const NearestOthers& nearest) {
  const Distinct distinct(right, source.pool);
  const std::vector<std::size_t> other = nearest(distinct.texts, distinct.pool);
  std::vector<std::string> wrong;
  for (const std::size_t index : distinct.index) wrong.push_back(distinct.texts[other[index]]);
  return wrong;
}

/// A text that stands in the pool beside itself is its own most similar other.
std::vector<std::string> most_similar(Texts right, const WrongAnswerSource& source,
                                      const NearestOthers& nearest) {
  const Distinct distinct(right, source.pool);
  std::vector<std::string> wrong = most_similar_different(right, source, nearest);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    const std::size_t itself = i < source.pool ? 1 : 0;
    if (distinct.in_pool[distinct.index[i]] > itself) wrong[i] = source.blank;
  }
  return wrong;
}

}  // namespace

const Registry<WrongAnswers>& wrong_answers() {
  static const Registry<WrongAnswers> registry =
      Registry<WrongAnswers>("wrong answer")
          .add("next", {false, next_answers})
          .add("most_similar", {true, most_similar})
          .add("most_similar_different", {true, most_similar_different});
  return registry;
}

namespace {

using Path = std::filesystem::path;

[[noreturn]] void refuse_missing_data(const std::string& what, const std::string& dataset) {
  throw FileError("task", what,
                  fmt::format("Point --datasets or AUSTEER_DATASETS at a folder that holds {}, or "
                              "run: austeer fetch dataset {}",
                              dataset, lower_ascii(dataset)));
}

/// Adds the fields that the task derives from others.
void add_numbers(const std::vector<NumberField>& numbers, Record& record) {
  for (const NumberField& number : numbers) {
    const Json* value = record.find(number.from);
    const std::optional<std::string> text = value != nullptr ? scalar_text(*value) : std::nullopt;
    const std::optional<double> found = text ? find_number(*text) : std::nullopt;
    if (!found) {
      throw FormatError(
          {fmt::format("[task] {}: no number for the field '{}'", record.place, number.name),
           fmt::format("one in the field '{}'", number.from),
           text               ? fmt::format("'{}'", *text)
           : value == nullptr ? "no such field"
                              : kind_of(*value),
           ""});
    }
    record.fields[number.name] = number_text(*found);
  }
}

}  // namespace

Task::Task(const Json& document, const std::string& place)
    : config_(read_task_config(document, place)),
      prompt_(config_.prompt, place + ": prompt"),
      system_(config_.system, place + ": system"),
      metric_(metrics().get(config_.metric)) {
  for (const TaskAnswer& answer : config_.answers) {
    answers_.push_back({Template(answer.text, place + ": answers: " + answer.label),
                        Template(answer.gold, place + ": gold_answers: " + answer.label)});
  }
  if (!config_.is_choice()) {
    answer_ = {Template(config_.answer, place + ": answer"),
               Template(config_.gold, place + ": gold")};
  }
  if (config_.pairs) {
    const auto side = [](const PairText& text, const std::string& where) {
      return Side{Template(text.prompt, where + ": prompt"), Template(text.text, where)};
    };
    pair_texts_ = {side(config_.pairs->positive, place + ": pairs: positive"),
                   side(config_.pairs->negative, place + ": pairs: negative")};
  }
}

std::vector<Item> Task::items(std::string_view split_expression,
                              const Path& datasets_folder) const {
  const Split split = parse_split(split_expression);
  const std::vector<Record> all = records(split.name, datasets_folder);
  const auto [first, last] = split_range(split, all.size());
  std::vector<Item> items;
  items.reserve(last - first);
  for (std::size_t i = first; i < last; ++i) items.push_back(item(all[i]));
  return items;
}

bool Task::is_correct(std::string_view generated, const Item& item) const {
  const auto is_right = [&](const std::string& gold) {
    return metric_.is_correct_by_mark != nullptr
               ? metric_.is_correct_by_mark(generated, gold, config_.answer_mark)
               : metric_.is_correct(generated, gold);
  };
  return is_right(item.gold) || std::ranges::any_of(item.other_golds, is_right);
}

Task Task::with_metric(const std::string& name) const {
  metrics().get(name);
  Json document = resolved();
  document["metric"] = name;
  return Task(document, config_.name);
}

std::int64_t Task::max_new_tokens(const std::string& family) const {
  const auto found = config_.max_new_tokens.by_family.find(family);
  return found != config_.max_new_tokens.by_family.end() ? found->second
                                                         : config_.max_new_tokens.standard;
}

Json Task::resolved() const { return settings_json(config_); }

std::string Task::fingerprint() const { return sha256(to_text(identity_json(config_))); }

std::string Task::filled(const Template& text, const Record& record) {
  return text.fill([&](const std::string& field) { return record.find(field); }, record.place);
}

Path Task::data_file(const std::string& split, const Path& datasets_folder) const {
  std::vector<std::string> known;
  for (const auto& [name, files] : config_.splits) known.push_back(name);
  const auto index = std::ranges::find(known, split) - known.begin();
  if (static_cast<std::size_t>(index) == known.size()) {
    throw UsageError("task", fmt::format("the task {} has no split '{}'", config_.name, split),
                     suggestion(split, known));
  }
  const Path folder = datasets_folder / config_.dataset;
  if (!std::filesystem::is_directory(folder)) {
    refuse_missing_data(fmt::format("the data of the task {} are not there: no folder {}",
                                    config_.name, folder.string()),
                        config_.dataset);
  }
  const std::vector<std::string>& files = config_.splits[static_cast<std::size_t>(index)].second;
  const auto exists = [&](const std::string& file) {
    return std::filesystem::exists(folder / file);
  };
  const auto found = std::ranges::find_if(files, exists);
  if (found == files.end()) {
    refuse_missing_data(fmt::format("the split '{}' of the task {} is not there: {} holds no {}",
                                    split, config_.name, folder.string(), fmt::join(files, " or ")),
                        config_.dataset);
  }
  return folder / *found;
}

std::vector<Record> Task::records(const std::string& split, const Path& datasets_folder) const {
  const Path file = data_file(split, datasets_folder);
  std::vector<Record> records = read_records(file, config_.separator);
  std::erase_if(records, [&](const Record& record) { return !all_hold(config_.where, record); });
  if (records.empty()) {
    throw FormatError("task", fmt::format("{}: no record meets the conditions of the task {}",
                                          file.string(), config_.name));
  }
  for (Record& record : records) add_numbers(config_.numbers, record);
  return records;
}

std::size_t Task::answer_index(const Record& record) const {
  constexpr const char* hint =
      "Items with hidden labels cannot be used; choose a split whose labels are public";
  const Json* value = record.find(config_.label);
  const std::optional<std::string> label = value != nullptr ? scalar_text(*value) : std::nullopt;
  if (!label || label->empty()) {
    const std::string found = value == nullptr ? "missing" : label ? "empty" : kind_of(*value);
    throw FormatError("task",
                      fmt::format("{}: no gold label: the field '{}' is {} (task {})", record.place,
                                  config_.label, found, config_.name),
                      value != nullptr && value->is_structured()
                          ? fmt::format("Name what is in it: label: {}[0]", config_.label)
                          : hint);
  }
  const auto found = std::ranges::find(config_.answers, *label, &TaskAnswer::label);
  if (found == config_.answers.end()) {
    std::vector<std::string> known;
    for (const TaskAnswer& answer : config_.answers) known.push_back(answer.label);
    throw FormatError({fmt::format("[task] {}: no gold label: the field '{}' is none of the labels "
                                   "of the task {}",
                                   record.place, config_.label, config_.name),
                       fmt::format("{}", fmt::join(known, ", ")), fmt::format("'{}'", *label),
                       hint});
  }
  return static_cast<std::size_t>(found - config_.answers.begin());
}

Item Task::item(const Record& record) const {
  Item item;
  item.place = record.place;
  item.prompt = filled(prompt_, record);
  item.system = filled(system_, record);
  if (!config_.is_choice()) {
    item.other_golds = answer_->gold.fill_each(
        [&](const std::string& field) { return record.find(field); }, record.place);
    item.gold = std::move(item.other_golds.front());
    item.other_golds.erase(item.other_golds.begin());
    return item;
  }
  for (const Answer& answer : answers_) item.choices.push_back(filled(answer.gold, record));
  item.right = answer_index(record);
  item.gold = item.choices[item.right];
  return item;
}

std::vector<std::string> task_names(const Path& configs_folder) {
  return config_names(configs_folder / "tasks");
}

Task load_task(const std::string& name_or_path, const Path& configs_folder) {
  Path file = name_or_path;
  const bool is_path = file.extension() == ".yaml" || file.extension() == ".yml" ||
                       name_or_path.find('/') != std::string::npos;
  if (!is_path) file = config_file("task", name_or_path, configs_folder / "tasks");
  Task task(read_yaml(file), file.string());
  if (task.name() != file.stem().string()) {
    throw FormatError({file.string() + ": the name does not fit the file's",
                       fmt::format("name: {}", file.stem().string()),
                       fmt::format("name: {}", task.name()), ""});
  }
  return task;
}

// From a task and its data to contrastive pairs: either a right and a wrong answer after the
// prompt, or two texts that have templates of their own.

std::vector<Pair> Task::pairs(std::string_view split_expression,
                              const std::filesystem::path& datasets_folder,
                              const NearestOthers& nearest) const {
  if (!config_.pairs && config_.wrong_answer.empty()) {
    throw UsageError("task", fmt::format("the task {} makes no pairs", config_.name),
                     "Give its YAML file wrong_answer or pairs");
  }
  const Split split = parse_split(split_expression);
  const std::vector<Record> all = records(split.name, datasets_folder);
  std::vector<Pair> pairs = config_.pairs ? pairs_of_texts(all) : pairs_of_answers(all, nearest);
  if (pairs.empty()) {
    throw FormatError("task", fmt::format("no record of the split '{}' meets the conditions of the "
                                          "pairs of the task {}",
                                          split.name, config_.name));
  }
  const auto [first, last] = split_range(split, pairs.size());
  pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(last), pairs.end());
  pairs.erase(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(first));
  return pairs;
}

bool Task::needs_similarity() const {
  return !config_.wrong_answer.empty() && wrong_answers().get(config_.wrong_answer).compares;
}

std::string Task::wrong_choice(const Record& record, std::size_t right) const {
  const std::string text = filled(answers_[right].text, record);
  for (std::size_t step = 1; step < answers_.size(); ++step) {
    std::string other = filled(answers_[(right + step) % answers_.size()].text, record);
    if (other != text) return other;
  }
  throw FormatError("task", fmt::format("{}: all answers have the same text (task {})",
                                        record.place, config_.name));
}

std::vector<Pair> Task::pairs_of_answers(const std::vector<Record>& records,
                                         const NearestOthers& nearest) const {
  // In a choice task the next answer is the next one of the YAML file, the first after the last.
  const bool next_choice = config_.is_choice() && !needs_similarity();
  std::vector<std::string> right;
  std::vector<std::string> wrong;
  std::vector<std::string> classes(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (config_.is_choice()) {
      const std::size_t index = answer_index(records[i]);
      right.push_back(filled(answers_[index].text, records[i]));
      if (next_choice) wrong.push_back(wrong_choice(records[i], index));
      classes[i] = config_.answers[index].label;
    } else {
      right.push_back(filled(answer_->text, records[i]));
    }
  }
  if (!next_choice) {
    const auto pool = static_cast<std::size_t>(
        config_.wrong_answers_from.value_or(static_cast<std::int64_t>(right.size())));
    wrong = wrong_answers()
                .get(config_.wrong_answer)
                .choose(right, {std::min(pool, right.size()), config_.blank}, nearest);
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string prompt = filled(prompt_, records[i]);
    pairs.push_back({records[i].place, prompt + right[i], prompt + wrong[i], classes[i],
                     prompt.size(), prompt.size()});
    pairs.back().records = {records[i].place};
    pairs.back().positive_system = filled(system_, records[i]);
    pairs.back().negative_system = pairs.back().positive_system;
  }
  return pairs;
}

std::vector<Pair> Task::pairs_of_texts(const std::vector<Record>& records) const {
  const PairTexts& texts = *config_.pairs;
  std::vector<const Record*> positive;
  std::vector<const Record*> negative;
  for (const Record& record : records) {
    if (!all_hold(texts.where, record)) continue;
    if (all_hold(texts.positive.where, record)) positive.push_back(&record);
    if (all_hold(texts.negative.where, record)) negative.push_back(&record);
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < std::min(positive.size(), negative.size()); ++i) {
    const std::string place = texts.sides_differ()
                                  ? positive[i]->place + " and " + negative[i]->place
                                  : positive[i]->place;
    const auto& [positive_side, negative_side] = *pair_texts_;
    const std::string before_positive = filled(positive_side.prompt, *positive[i]);
    const std::string before_negative = filled(negative_side.prompt, *negative[i]);
    pairs.push_back({place, before_positive + filled(positive_side.text, *positive[i]),
                     before_negative + filled(negative_side.text, *negative[i]), "",
                     before_positive.size(), before_negative.size()});
    pairs.back().records = {positive[i]->place};
    if (texts.sides_differ()) pairs.back().records.push_back(negative[i]->place);
    pairs.back().positive_system = filled(system_, *positive[i]);
    pairs.back().negative_system = filled(system_, *negative[i]);
  }
  return pairs;
}

}  // namespace austeer
