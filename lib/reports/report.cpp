#include "reports/report.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "documents/page.hpp"
#include "reports/examples.hpp"
#include "reports/report_cells.hpp"
#include "reports/report_text.hpp"
#include "reports/study_table.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {

namespace {

constexpr std::uint64_t max_svg_bytes = std::uint64_t{32} << 20;

/// What figures.json says of each figure, by its name.
std::map<std::string, ReportFigure> read_captions(const std::filesystem::path& file) {
  std::map<std::string, ReportFigure> captions;
  if (!std::filesystem::exists(file)) return captions;
  const Json document = read_json(file);
  if (!document.is_array()) {
    throw FormatError({file.string(), "a list of figures", to_text(document).substr(0, 80), ""});
  }
  for (const Json& entry : document) {
    Fields fields(entry, fmt::format("{}: figure {}", file.string(), captions.size() + 1));
    ReportFigure figure;
    figure.name = fields.required<std::string>("name");
    figure.caption = fields.optional<std::string>("caption", "");
    figure.alt = fields.optional<std::string>("alt", "");
    fields.refuse_unknown();
    captions[figure.name] = std::move(figure);
  }
  return captions;
}

}  // namespace

std::vector<ReportFigure> report_figures(const StudyFolder& folder) {
  const std::filesystem::path place = folder.root() / "figures";
  std::vector<ReportFigure> figures;
  if (!std::filesystem::is_directory(place)) return figures;
  std::map<std::string, ReportFigure> captions = read_captions(place / "figures.json");
  for (const std::string& file : list_folder(place)) {
    const std::filesystem::path path = place / file;
    if (path.extension() != ".svg") continue;
    ReportFigure figure = captions[path.stem().string()];
    figure.name = path.stem().string();
    figure.svg = read_file(path, max_svg_bytes);
    if (figure.svg.find("<svg") == std::string::npos) {
      throw FormatError({path.string(), "an svg element", "none", "Draw it anew"});
    }
    if (figure.caption.empty()) figure.caption = figure.name;
    if (figure.alt.empty()) figure.alt = figure.caption;
    figures.push_back(std::move(figure));
  }
  return figures;
}

namespace {

/// The rows that the text speaks of: methods where they were chosen, whatever the table shows.
std::vector<ModelRows> spoken_rows(const Study& study, const std::vector<EntryResults>& results) {
  TableKeys keys = study.table;
  keys.rows = study.select == Selection::none ? TableRows::variants : TableRows::methods;
  keys.controls = false;
  return table_rows(study, keys, results);
}

std::string chosen_words(const EntryResults& found) {
  const StudyMethod& method = *found.entry.method;
  if (method.variants.size() == 1) return "";
  if (!found.done) return "";
  return found.chosen ? variant_text(method.variants.at(*found.chosen), method.axes) : "";
}

Cell cell_or_dash(std::string text) {
  if (text.empty()) return {};
  return text;
}

Table choices_table(const Study& study, const std::vector<EntryResults>& results) {
  Table table;
  table.title = study.select == Selection::none ? "The best variant on the test items"
                                                : "Chosen hyper-parameters";
  table.section_header = "model";
  table.columns = {{"method", Align::left, ""},      {"task", Align::left, ""},
                   {"chosen", Align::left, ""},      {"grid", Align::left, ""},
                   {"fixed", Align::left, ""},       {"variants", Align::right, ""},
                   {"evaluations", Align::right, ""}};
  for (const std::string& model : study.models) {
    table.add_section(model);
    for (const EntryResults& found : results) {
      if (found.entry.model != model || found.entry.method == nullptr) continue;
      const StudyMethod& method = *found.entry.method;
      table.add_row({method.name, found.entry.task->name, cell_or_dash(chosen_words(found)),
                     cell_or_dash(grid_words(method)), cell_or_dash(fixed_words(method)),
                     count_text(std::ssize(method.variants)),
                     found.done ? Cell(count_text(found.evaluations)) : Cell()});
    }
  }
  table.notes = {"evaluations: variants times items that were answered for the choice."};
  return table;
}

std::string splits_words(const StudyTask& task) {
  const std::string dev = task.dev.empty()
                              ? fmt::format("the last {} of {}", task.dev_items, task.train)
                              : fmt::format("the first {} of {}", task.dev_items, task.dev);
  const std::string items =
      task.items ? fmt::format("the first {} of ", count_text(*task.items)) : "all of ";
  return fmt::format("pairs from {} (at most {}), choice by {}, test on {}{}; answers: {}",
                     task.train, count_text(task.pairs), dev, items, task.test,
                     task.scoring == Scoring::choices ? "the most probable choice" : "generated");
}

std::string selection_words(const Study& study) {
  const std::string name = enum_name(study.select);
  if (study.select != Selection::race) return name;
  return fmt::format("{}, with at most {:.0f} % of the evaluations", name, 100 * study.race_share);
}

void add_configuration(Page& page, const Study& study) {
  std::vector<Definition> lines = {{"study", study.file.string()},
                                   {"sha256 of the file", sha256(study.text)},
                                   {"models", fmt::format("{}", fmt::join(study.models, ", "))},
                                   {"select", selection_words(study)},
                                   {"seeds", fmt::format("{}", fmt::join(study.seeds, ", "))},
                                   {"longest text", counted(study.max_tokens, "token")},
                                   {"void pairs", void_pairs_choice_name(study.void_pairs)}};
  for (const StudyTask& task : study.tasks) lines.emplace_back(task.name, splits_words(task));
  page.heading("Configuration").definitions(lines).preformatted(study.text);
  if (study.merged.empty()) return;
  page.paragraph("With what it includes:").preformatted(study.merged + "\n");
}

void add_outcome(Page& page, const Study& study, const std::vector<EntryResults>& results,
                 const std::vector<ModelRows>& rows, const std::vector<std::string>& warnings) {
  page.heading("What came out");
  for (const std::string& text : outcome_paragraphs(study, results, rows)) page.paragraph(text);
  if (warnings.empty()) return;
  page.heading("Warnings");
  for (const std::string& warning : warnings) page.warning(warning);
}

/// The table. Its notes become paragraphs, which are as wide as the page and not as the table; what
/// stands among the warnings is not said twice.
void add_results(Page& page, Table table, const std::vector<std::string>& warnings) {
  const std::vector<std::string> notes = std::move(table.notes);
  table.notes.clear();
  page.heading("Results").table(table);
  for (const std::string& note : notes) {
    if (std::ranges::find(warnings, note) == warnings.end()) page.paragraph(note);
  }
}

void add_examples(Page& page, const std::vector<Table>& tables) {
  if (tables.empty()) return;
  page.heading("Answers side by side");
  for (const Table& table : tables) page.table(table);
}

}  // namespace

std::string make_report(const Study& study, const StudyFolder& folder,
                        const std::vector<EntryResults>& results,
                        const std::vector<ReportFigure>& figures) {
  const std::vector<ReportCell> cells = report_cells(folder, results);
  Page page(study.title);
  if (!study.question.empty()) page.paragraph(study.question);
  const std::vector<ModelRows> rows = spoken_rows(study, results);
  std::vector<std::string> warnings =
      report_warnings(study, results, rows, tasks_with_samples(cells));
  std::ranges::copy(void_pairs_sentences(cells), std::back_inserter(warnings));
  add_outcome(page, study, results, rows, warnings);
  add_results(page, make_table(study, results), warnings);
  if (!figures.empty()) page.heading("Figures");
  for (const ReportFigure& figure : figures) page.figure(figure.svg, figure.caption, figure.alt);
  add_examples(page, example_tables(study, folder, results));
  if (!study.methods.empty()) {
    page.heading("Hyper-parameters").table(choices_table(study, results));
  }
  add_configuration(page, study);
  page.heading("Provenance").definitions(provenance_of(study, cells));
  return page.html();
}

void write_report(const Study& study, const StudyFolder& folder,
                  const std::filesystem::path& file) {
  const std::vector<EntryResults> results = read_results(study, folder);
  write_file(file, make_report(study, folder, results, report_figures(folder)));
}

}  // namespace austeer
