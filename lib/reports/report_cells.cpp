#include "reports/report_cells.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "base/files.hpp"
#include "base/paths.hpp"
#include "reports/findings.hpp"
#include "runs/options.hpp"
#include "studies/study_numbers.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

/// Values of one kind in the order in which they were met, each once.
class DistinctValues {
 public:
  void add(const std::string& value) {
    if (std::ranges::find(values_, value) == values_.end()) values_.push_back(value);
  }
  std::string text() const {
    return values_.empty() ? "not recorded" : fmt::format("{}", list_words(values_, 12));
  }

 private:
  std::vector<std::string> values_;
};

/// The value at a path of keys, or nullptr.
const Json* value_at(const Json& document, std::initializer_list<const char*> path) {
  const Json* value = &document;
  for (const char* key : path) {
    if (!value->is_object() || !value->contains(key)) return nullptr;
    value = &value->at(key);
  }
  return value->is_null() ? nullptr : value;
}

/// The same as text; "" where there is none.
std::string text_at(const Json& document, std::initializer_list<const char*> path) {
  const Json* value = value_at(document, path);
  if (value == nullptr) return "";
  return value->is_string() ? value->get<std::string>() : to_text(*value);
}

std::string distinct(const std::vector<ReportCell>& cells,
                     std::initializer_list<const char*> path) {
  DistinctValues values;
  for (const ReportCell& cell : cells) {
    if (const std::string text = text_at(cell.document, path); !text.empty()) values.add(text);
  }
  return values.text();
}

void add_cells(std::vector<ReportCell>& cells, const StudyFolder& folder,
               const EntryResults& results, const Measured& measured, bool is_test) {
  for (const std::string& key : measured.cells) {
    cells.push_back({&results, is_test, read_json(folder.cell(key))});
  }
}

/// "smollm2-135m-instruct: weights 1ab0…, tokenizer 9dbc…"
std::string fingerprints_of(const std::string& model, const std::vector<ReportCell>& cells) {
  std::vector<ReportCell> own;
  std::ranges::copy_if(cells, std::back_inserter(own),
                       [&](const ReportCell& cell) { return cell.results->entry.model == model; });
  return fmt::format("weights {}; tokenizer {}",
                     distinct(own, {"configuration", "model_fingerprint"}),
                     distinct(own, {"configuration", "tokenizer_fingerprint"}));
}

/// The prompts of a task: each part of a split that was asked, with its digest.
std::string prompts_of(const std::string& task, const std::vector<ReportCell>& cells) {
  DistinctValues prompts;
  for (const ReportCell& cell : cells) {
    if (cell.results->entry.task->name != task || !cell.is_test) continue;
    prompts.add(fmt::format("{}: {}", text_at(cell.document, {"configuration", "split"}),
                            text_at(cell.document, {"configuration", "prompts_sha256"})));
  }
  return prompts.text();
}

/// The void pairs behind the cell's ranking in words, "" where there were none.
std::string void_pairs_words(const Json& document) {
  const Json none = Json::object();
  const Json* found =
      value_at(document, {"configuration", "plan", "ranking", "provenance", "void_pairs"});
  Fields fields(found == nullptr ? none : *found, "void_pairs");
  const auto cut = fields.optional<std::int64_t>("cut", 0);
  const auto equal = fields.optional<std::int64_t>("equal", 0);
  const auto shortened = fields.optional<std::int64_t>("shortened", 0);
  std::vector<std::string> words;
  if (cut > 0) words.push_back(fmt::format("{} lost part of an answer", counted(cut, "pair")));
  if (equal > 0) words.push_back(fmt::format("{} had two equal texts", counted(equal, "pair")));
  if (shortened > 0) {
    words.push_back(fmt::format("{} lost the front of their prompts", counted(shortened, "pair")));
  }
  if (words.empty()) return "";
  const bool dropped = fields.optional<bool>("dropped", false);
  return fmt::format("{}{}", fmt::join(words, ", "), dropped ? ": they were left out" : "");
}

/// Whether the prompts of the cell are those of the samples.
bool met_sample(const Json& configuration, const std::filesystem::path& samples) {
  const std::string dataset = text_at(configuration, {"task", "dataset"});
  if (dataset.empty() || dataset == own_dataset) return false;
  try {
    const Task task(configuration.at("task"), "task");
    const std::vector<Item> items = task.items(text_at(configuration, {"split"}), samples);
    const std::string asked = configuration.contains("chat")
                                  ? text_at(configuration, {"chat", "messages_sha256"})
                                  : text_at(configuration, {"prompts_sha256"});
    return prompts_fingerprint(items) == asked;
  } catch (const Error&) {
    return false;  // no sample of this split, or not as many items: other data
  }
}

}  // namespace

std::vector<ReportCell> report_cells(const StudyFolder& folder,
                                     const std::vector<EntryResults>& results) {
  std::vector<ReportCell> cells;
  for (const EntryResults& found : results) {
    if (found.test) add_cells(cells, folder, found, *found.test, true);
    for (const MeasuredControl& control : found.controls) {
      if (control.measured) add_cells(cells, folder, found, *control.measured, true);
    }
    for (const MeasuredVariant& variant : found.choice) {
      if (variant.measured) add_cells(cells, folder, found, *variant.measured, false);
    }
  }
  return cells;
}

std::vector<std::pair<std::string, std::string>> provenance_of(
    const Study& study, const std::vector<ReportCell>& cells) {
  std::vector<std::pair<std::string, std::string>> lines = {
      {"results", counted(std::ssize(cells), "evaluation")},
      {"austeer", distinct(cells, {"versions", "austeer"})},
      {"git", distinct(cells, {"versions", "git"})},
      {"libtorch", distinct(cells, {"versions", "libtorch"})},
      {"device", distinct(cells, {"configuration", "device"})},
      {"dtype", distinct(cells, {"configuration", "dtype"})},
      {"threads", distinct(cells, {"configuration", "threads"})},
      {"batch tokens", distinct(cells, {"configuration", "batch_tokens"})},
      {"pairs learnt from", distinct(cells, {"configuration", "plan", "ranking", "pairs"})}};
  for (const std::string& model : study.models) {
    lines.emplace_back(fmt::format("{} (sha256)", model), fingerprints_of(model, cells));
  }
  for (const StudyTask& task : study.tasks) {
    lines.emplace_back(fmt::format("{}: prompts (sha256)", task.name),
                       prompts_of(task.name, cells));
  }
  return lines;
}

std::vector<std::string> void_pairs_sentences(const std::vector<ReportCell>& cells) {
  std::vector<std::string> sentences;
  for (const ReportCell& cell : cells) {
    const std::string words = void_pairs_words(cell.document);
    if (words.empty()) continue;
    const Entry& entry = cell.results->entry;
    std::string sentence = fmt::format("{}, {}: of the pairs to learn from, {}.", entry.task->name,
                                       entry.model, words);
    if (std::ranges::find(sentences, sentence) == sentences.end()) {
      sentences.push_back(std::move(sentence));
    }
  }
  return sentences;
}

std::vector<std::string> tasks_with_samples(const std::vector<ReportCell>& cells) {
  std::vector<std::string> names;
  std::set<std::string> seen;  // tasks with their prompts
  std::filesystem::path samples;
  try {
    samples = project_folder("datasets") / "samples";
  } catch (const Error&) {
    return names;  // without its samples the program cannot have used them
  }
  for (const ReportCell& cell : cells) {
    if (!cell.is_test || !cell.document.contains("configuration")) continue;
    const Json& configuration = cell.document.at("configuration");
    const std::string& name = cell.results->entry.task->name;
    if (!seen.insert(name + text_at(configuration, {"prompts_sha256"})).second) continue;
    const bool known = std::ranges::find(names, name) != names.end();
    if (!known && met_sample(configuration, samples)) names.push_back(name);
  }
  return names;
}

}  // namespace austeer
