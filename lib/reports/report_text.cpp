#include "reports/report_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/findings.hpp"
#include "studies/axes.hpp"
#include "studies/study_numbers.hpp"
#include "studies/variant.hpp"

namespace austeer {

namespace {

/// Rows compared with the unsteered model, sorted by what came out.
struct Verdicts {
  std::vector<std::string> better, worse, open, missing;
};

/// ", 99.4 % in form, of which 50.5 % right" or "".
std::string form_words(const Measured* measured) {
  if (measured == nullptr || !measured->form) return "";
  const AnswerForm& form = *measured->form;
  std::string words = fmt::format(", {} % in form", percent_text(form.share()));
  if (form.accuracy())
    words += fmt::format(", of which {} % right", percent_text(*form.accuracy()));
  return words;
}

std::string draws_words(const Measured* measured) {
  if (measured == nullptr || measured->draws.empty()) return "";
  return fmt::format(", {} draws {}", measured->draws.size(), draws_text(measured->draws));
}

std::string verdict_words(const StudyRow& row, const TableValue& value) {
  return fmt::format("{} ({} points {}, {}{}{})", row.label,
                     points_text(value.against_vanilla->difference),
                     points_interval(value.against_vanilla->interval), p_text(*value.adjusted_p),
                     form_words(value.measured), draws_words(value.measured));
}

Verdicts verdicts_of(const ModelRows& model, std::size_t task) {
  Verdicts verdicts;
  for (const StudyRow& row : model.rows) {
    if (row.is_vanilla || row.is_control) continue;
    const TableValue& value = row.values[task];
    if (!value.is_asked) continue;
    if (!value.against_vanilla || !value.adjusted_p) {
      verdicts.missing.push_back(row.label);
    } else if (*value.adjusted_p >= significance_level) {
      verdicts.open.push_back(verdict_words(row, value));
    } else {
      (value.against_vanilla->difference > 0 ? verdicts.better : verdicts.worse)
          .push_back(verdict_words(row, value));
    }
  }
  return verdicts;
}

std::string unsteered_words(const ModelRows& model, std::size_t task, bool toxic) {
  for (const StudyRow& row : model.rows) {
    const Measured* measured = row.values[task].measured;
    if (!row.is_vanilla || measured == nullptr) continue;
    if (measured->is_judged) {
      return fmt::format("a judge compared the answers to {} with the unsteered model's",
                         counted(std::ssize(measured->scores), "item"));
    }
    return fmt::format(
        "the unsteered model {} {} % {} of {}{}{}", toxic ? "is not toxic on" : "gets",
        percent_text(measured->accuracy), percent_interval(measured->interval),
        counted(std::ssize(measured->scores), "item"), toxic ? "" : " right", form_words(measured));
  }
  return "the unsteered model was not measured on the items of these rows, so that nothing can be "
         "compared with it";
}

/// " Better: a, b." or nothing.
std::string verdict_sentence(const char* opening, const std::vector<std::string>& words) {
  return words.empty() ? "" : fmt::format(" {}: {}.", opening, list_words(words, 6));
}

std::string task_paragraph(const Study& study, const std::vector<EntryResults>& results,
                           const ModelRows& model, std::size_t task) {
  const StudyTask& of = study.tasks[task];
  const Verdicts verdicts = verdicts_of(model, task);
  std::string text = fmt::format("{}, {}: {}.", model.model, of.name,
                                 unsteered_words(model, task, is_detoxification(of, results)));
  text += verdict_sentence("Significantly better", verdicts.better);
  text += verdict_sentence("Significantly worse", verdicts.worse);
  text += verdict_sentence("Not to be told from it", verdicts.open);
  text += verdict_sentence("Not compared", verdicts.missing);
  return text;
}

/// Over the whole study.
std::string counts_sentence(const Study& study, const std::vector<ModelRows>& models) {
  std::size_t better = 0, worse = 0, open = 0;
  for (const ModelRows& model : models) {
    for (std::size_t task = 0; task < study.tasks.size(); ++task) {
      const Verdicts verdicts = verdicts_of(model, task);
      better += verdicts.better.size();
      worse += verdicts.worse.size();
      open += verdicts.open.size();
    }
  }
  const std::size_t all = better + worse + open;
  if (all == 0) return "Nothing has been compared with the unsteered model.";
  return fmt::format(
      "Of {} with the unsteered model, {} significantly better, {} significantly worse, and {} "
      "cannot be told from chance (exact McNemar test, Holm-adjusted p < 0.05).",
      counted(static_cast<std::int64_t>(all), "comparison"),
      counted(static_cast<std::int64_t>(better), "is", "are"),
      counted(static_cast<std::int64_t>(worse), "is", "are"), open);
}

std::string values_words(const std::vector<Json>& values) {
  std::vector<std::string> words;
  for (const Json& value : values) words.push_back(axis_value_text(value));
  return fmt::format("{}", fmt::join(words, ", "));
}

/// Adds "key value" for every single value below `value` that is not on an axis.
void add_fixed(std::vector<std::string>& words, const Json& value, const std::string& path,
               const std::vector<std::string>& axes) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      add_fixed(words, inner, path.empty() ? key : path + "." + key, axes);
    }
  } else if (std::ranges::find(axes, path) == axes.end()) {
    words.push_back(axis_name(path) + " " + axis_value_text(value));
  }
}

}  // namespace

std::vector<std::string> outcome_paragraphs(const Study& study,
                                            const std::vector<EntryResults>& results,
                                            const std::vector<ModelRows>& models) {
  std::vector<std::string> paragraphs = {counts_sentence(study, models)};
  for (const ModelRows& model : models) {
    for (std::size_t task = 0; task < study.tasks.size(); ++task) {
      paragraphs.push_back(task_paragraph(study, results, model, task));
    }
  }
  return paragraphs;
}

std::string grid_words(const StudyMethod& method) {
  std::vector<std::string> words;
  for (const std::string& axis : method.axes) {
    words.push_back(fmt::format("{} {}", axis_name(axis), values_words(axis_values(method, axis))));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

std::string fixed_words(const StudyMethod& method) {
  std::vector<std::string> words;
  add_fixed(words, method.variants.front().choice, "", method.axes);
  return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> edges_of(const StudyMethod& method, std::size_t chosen) {
  std::vector<std::string> edges;
  for (const std::string& axis : method.axes) {
    const std::vector<Json> values = axis_values(method, axis);
    const bool numeric = std::ranges::all_of(values, [](const Json& v) { return v.is_number(); });
    if (values.size() < 3 || !numeric) continue;
    const auto number = [](const Json& value) { return value.get<double>(); };
    const auto [least, greatest] = std::ranges::minmax(values, {}, number);
    const Json value = axis_value(method.variants.at(chosen), axis);
    if (value != least && value != greatest) continue;
    edges.push_back(fmt::format("{} {}, the {} of {}", axis_name(axis), to_text(value),
                                value == least ? "least" : "greatest", values_words(values)));
  }
  return edges;
}

namespace {

/// Half of an interval beyond which a task has too few items to say much.
constexpr double wide_half = 0.05;

/// Of the task's tests the widest interval, where that is too wide.
std::string few_items_warning(const Study& study, std::size_t task,
                              const std::vector<ModelRows>& models) {
  const Measured* widest = nullptr;
  const auto half = [](const Measured& of) { return (of.interval.high - of.interval.low) / 2; };
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      const Measured* measured = row.values[task].measured;
      if (measured == nullptr || row.is_control) continue;
      if (widest == nullptr || half(*measured) > half(*widest)) widest = measured;
    }
  }
  if (widest == nullptr || half(*widest) <= wide_half) return "";
  return fmt::format(
      "{}: too few items. With {} the 95 % interval of an accuracy reaches {} points to each side.",
      study.tasks[task].name, counted(std::ssize(widest->scores), "item"),
      percent_text(half(*widest)));
}

bool is_any_significant(const std::vector<ModelRows>& models) {
  return std::ranges::any_of(models, [](const ModelRows& model) {
    return std::ranges::any_of(model.rows, [](const StudyRow& row) {
      return std::ranges::any_of(row.values, [](const TableValue& value) {
        return value.adjusted_p && *value.adjusted_p < significance_level;
      });
    });
  });
}

/// All edges in one sentence: a study of many tasks may have many.
std::string edges_warning(const Study& study, const std::vector<EntryResults>& results) {
  std::vector<std::string> at_edge;
  for (const EntryResults& found : results) {
    if (found.entry.method == nullptr || !found.chosen) continue;
    const std::vector<std::string> edges = edges_of(*found.entry.method, *found.chosen);
    if (edges.empty()) continue;
    at_edge.push_back(
        fmt::format("{} ({})", entry_words(study, found.entry), fmt::join(edges, "; ")));
  }
  if (at_edge.empty() || study.select == Selection::none) return "";
  return fmt::format(
      "Chosen at the edge of the grid, so that a wider one might hold something better: {}.",
      list_words(at_edge, at_edge.size()));
}

void append(std::vector<std::string>& warnings, std::vector<std::string> more) {
  for (std::string& warning : more) {
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
}

}  // namespace

std::vector<std::string> report_warnings(const Study& study,
                                         const std::vector<EntryResults>& results,
                                         const std::vector<ModelRows>& models,
                                         const std::vector<std::string>& sample_tasks) {
  std::vector<std::string> warnings;
  append(warnings, {missing_sentence(study, results)});
  if (study.select == Selection::test && has_grid(study)) {
    append(warnings, {selection_sentence(study, results)});
  }
  if (!sample_tasks.empty()) {
    append(warnings,
           {fmt::format("{}: measured on the small samples that come with austeer, not on "
                        "the real data. They are there to try things with.",
                        list_words(sample_tasks))});
  }
  for (std::size_t task = 0; task < study.tasks.size(); ++task) {
    append(warnings, {few_items_warning(study, task, models)});
  }
  if (comparison_count(models) > 0 && !is_any_significant(models)) {
    append(warnings, {"Nothing is significant: no method can be told from the unsteered model."});
  }
  append(warnings, pairs_sentences(results));
  append(warnings, unbeaten_sentences(study, results));
  append(warnings, failure_sentences(study, results));
  append(warnings, {edges_warning(study, results)});
  return warnings;
}

}  // namespace austeer
