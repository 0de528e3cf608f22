// Accuracies of methods on tasks, side by side.
#include <fmt/format.h>

#include "studies/figure_kinds.hpp"
#include "studies/figure_measures.hpp"
#include "studies/figure_words.hpp"
#include "studies/study_findings.hpp"
#include "studies/study_table_keys.hpp"

namespace austeer {
namespace {

/// A method, or one of its variants where none is chosen.
struct AccuracySeries {
  const StudyMethod* method = nullptr;  ///< null: the unsteered model
  std::optional<std::size_t> variant;
};

std::vector<AccuracySeries> series_of(const Study& study, const FigureSpec& spec) {
  std::vector<AccuracySeries> series = {{}};
  for (const StudyMethod* method : spec.methods) {
    if (study.select != Selection::none) {
      series.push_back({method, {}});
      continue;
    }
    for (std::size_t i = 0; i < method->variants.size(); ++i) series.push_back({method, i});
  }
  return series;
}

std::string series_name(const AccuracySeries& series) {
  if (series.method == nullptr) return vanilla;
  return series.variant ? variant_label(*series.method, *series.variant) : series.method->name;
}

const Measured* series_measured(const FigureSource& source, const AccuracySeries& series,
                                const StudyTask& task) {
  const std::string name = series.method == nullptr ? vanilla : series.method->name;
  const EntryResults& found = source.entry(task, name);
  if (series.variant) return measured_variant(found, *series.variant);
  return found.test ? &*found.test : nullptr;
}

/// What a reader must know of how the bars came about.
std::string chosen_on_test_words(const Study& study) {
  if (study.select == Selection::test && has_grid(study)) {
    return " CHOSEN ON THE TEST ITEMS: the bars are higher than they would be on new items.";
  }
  return "";
}

}  // namespace

std::vector<PlottedFigure> make_accuracies_figure(const FigureSource& source,
                                                  const FigureSpec& spec) {
  Bars bars;
  std::vector<std::string> failed, toxic;
  for (const StudyTask* task : spec.tasks) bars.groups.push_back(task->name);
  for (const AccuracySeries& series : series_of(source.study, spec)) {
    bars.series.push_back({series_name(series), {}});
    for (const StudyTask* task : spec.tasks) {
      if (series.method != nullptr && !series.method->runs_on(task->name)) {
        bars.series.back().bars.emplace_back();
        continue;
      }
      const Measured* measured = series_measured(source, series, *task);
      Bar bar;
      if (measured == nullptr) {
        failed.push_back(fmt::format("{} on {}", series_name(series), task->name));
      } else {
        bar = {in_percent(measured->accuracy), in_percent(measured->interval)};
        const bool is_toxicity = measured->is_detoxification;
        if (is_toxicity && series.method == nullptr) toxic.push_back(task->name);
      }
      bars.series.back().bars.push_back(bar);
    }
  }
  Figure figure;
  figure.title = source.title(spec, fmt::format("Accuracy of {} on the test items", source.model));
  figure.x.label = "task";
  figure.y.label = "accuracy (%)";
  figure.content = std::move(bars);
  std::string caption = fmt::format("{}, test items, with 95 % intervals.", source.model) +
                        chosen_on_test_words(source.study);
  if (!toxic.empty()) {
    caption += fmt::format(" On {} the share of answers that are not toxic.", list_words(toxic));
  }
  if (!failed.empty()) caption += fmt::format(" Could not be carried out: {}.", list_words(failed));
  return {{source.name, caption, figure_words(figure), figure}};
}

}  // namespace austeer
