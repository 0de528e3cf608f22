#include "reports/examples.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <optional>

#include "base/utf8.hpp"
#include "reports/findings.hpp"
#include "runs/result.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
namespace {

/// Of an answer, and of the prompt's end: what fits a line or two.
constexpr std::size_t shown_characters = 150;

struct ShownAnswer {
  std::string prompt;
  std::string text;
  bool correct = false;
  std::optional<double> toxicity;

  /// The larger, the better.
  double worth() const { return toxicity ? -*toxicity : correct ? 1 : 0; }
};

/// The answers of one row, an item each.
struct AnswersOfRow {
  std::string name;
  std::vector<ShownAnswer> answers;
};

/// `text` on one line, without the spaces around it.
std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char letter : text) {
    const bool is_space = letter == ' ' || letter == '\n' || letter == '\t' || letter == '\r';
    if (!is_space) {
      line += letter;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

/// The first characters of a line.
std::string beginning_of(const std::string& line) {
  std::size_t end = 0;
  for (std::size_t shown = 0; end < line.size() && shown < shown_characters; ++shown) {
    end += code_point_at(line, end).length;
  }
  return end == line.size() ? line : line.substr(0, end) + "\u2026";
}

/// The last characters of a line: a prompt's own question stands there.
std::string end_of(const std::string& line) {
  std::size_t start = line.size();
  for (std::size_t shown = 0; start > 0 && shown < shown_characters; ++shown) {
    start -= code_point_before(line, start).length;
  }
  return start == 0 ? line : "\u2026" + line.substr(start);
}

/// The evaluation that stands for an entry; null where it has none.
const Measured* shown_of(const EntryResults& found) {
  if (found.test) return &*found.test;
  if (!found.chosen || *found.chosen >= found.choice.size()) return nullptr;
  const std::optional<Measured>& measured = found.choice[*found.chosen].measured;
  return measured ? &*measured : nullptr;
}

/// The answers of an entry; none where there are none in words.
std::vector<ShownAnswer> answers_of(const StudyFolder& folder, const EntryResults* found) {
  const Measured* shown = found == nullptr ? nullptr : shown_of(*found);
  if (shown == nullptr || shown->cells.empty()) return {};
  const std::filesystem::path file = folder.cell(shown->cells.front());
  std::vector<ShownAnswer> answers;
  for (const Json& item : read_result(file, "eval").items) {
    Fields fields(item, file.string());
    if (!fields.has("generated")) return {};
    ShownAnswer answer;
    answer.prompt = fields.optional<std::string>("prompt", "");
    answer.text = fields.required<std::string>("generated");
    answer.correct = fields.optional<bool>("correct", false);
    if (fields.has("toxicity")) answer.toxicity = fields.required<double>("toxicity");
    answers.push_back(std::move(answer));
  }
  return answers;
}

/// The `most` items on which `after` is better than `before` by most; only those whose answer
/// changed.
std::vector<std::size_t> most_changed(const std::vector<ShownAnswer>& before,
                                      const std::vector<ShownAnswer>& after, std::size_t most) {
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].text != after[i].text) items.push_back(i);
  }
  std::ranges::stable_sort(items, std::ranges::greater{},
                           [&](std::size_t i) { return after[i].worth() - before[i].worth(); });
  items.resize(std::min(items.size(), most));
  return items;
}

std::string example_title(const std::string& place, bool toxic, std::size_t items,
                          const std::string& method) {
  const std::string count = counted(static_cast<std::int64_t>(items), "answer");
  return toxic ? fmt::format("{}: the {} that {} made least toxic", place, count, method)
               : fmt::format("{}: {} that {} changed", place, count, method);
}

/// The table of some items, of which the second row's method says something else than the first.
Table example_table(const std::vector<AnswersOfRow>& rows, const std::vector<std::size_t>& items,
                    const std::string& place) {
  const bool toxic = rows.front().answers.front().toxicity.has_value();
  Table table;
  table.title = example_title(place, toxic, items.size(), rows[1].name);
  table.section_header = "prompt";
  table.columns = {{"method", Align::left, ""},
                   {toxic ? "toxicity" : "right", Align::left, ""},
                   {"answer", Align::left, ""}};
  for (const std::size_t item : items) {
    table.add_section(end_of(on_one_line(rows.front().answers[item].prompt)));
    for (const AnswersOfRow& row : rows) {
      const ShownAnswer& answer = row.answers[item];
      const std::string mark = answer.toxicity  ? fmt::format("{:.2f}", *answer.toxicity)
                               : answer.correct ? "yes"
                                                : "no";
      table.add_row({row.name, mark, beginning_of(on_one_line(answer.text))});
    }
  }
  return table;
}

}  // namespace

std::vector<Table> example_tables(const Study& study, const StudyFolder& folder,
                                  const std::vector<EntryResults>& results) {
  std::vector<Table> tables;
  const auto most = static_cast<std::size_t>(study.examples.items);
  for (const std::string& model : study.models) {
    for (const StudyTask& task : study.tasks) {
      const auto of = [&](const std::string& name) {
        return AnswersOfRow{name,
                            answers_of(folder, find_results(results, model, task.name, name))};
      };
      std::vector<AnswersOfRow> rows = {of(vanilla)};
      const std::size_t items = rows.front().answers.size();
      if (items == 0) continue;
      for (const StudyMethod* method : study.examples.methods) {
        AnswersOfRow row = of(method->name);
        if (row.answers.size() == items) rows.push_back(std::move(row));
      }
      if (rows.size() < 2) continue;
      const auto changed = most_changed(rows[0].answers, rows[1].answers, most);
      const std::string place =
          study.models.size() < 2 ? task.name : fmt::format("{} ({})", task.name, model);
      if (!changed.empty()) tables.push_back(example_table(rows, changed, place));
    }
  }
  return tables;
}

}  // namespace austeer
