#include "studies/plots.hpp"

#include <fmt/format.h>
#include <set>
#include <spdlog/spdlog.h>

#include "studies/figure_kinds.hpp"

namespace austeer {
namespace {

/// One source for each model (and task) that an entry shows.
std::vector<FigureSource> sources_of(const Study& study, const StudyFolder& folder,
                                     const std::vector<EntryResults>& results,
                                     const FigureSpec& spec, FigureScope scope) {
  std::vector<const StudyTask*> tasks = {nullptr};
  if (scope == FigureScope::model_and_task) tasks = spec.tasks;
  std::vector<FigureSource> sources;
  for (const std::string& model : spec.models) {
    for (const StudyTask* task : tasks) {
      FigureSource source{study, folder, results, model, task, spec.name, ""};
      if (tasks.size() > 1) {
        source.name += "-" + plain_part(task->name);
        source.which = task->name;
      }
      if (spec.models.size() > 1) {
        source.name += "-" + plain_part(model);
        source.which += (source.which.empty() ? "" : ", ") + model;
      }
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

}  // namespace

void check_figures(const Study& study) { read_figure_specs(study); }

std::vector<PlottedFigure> make_figures(const Study& study, const StudyFolder& folder,
                                        const std::vector<EntryResults>& results) {
  std::vector<PlottedFigure> figures;
  std::set<std::string> names;
  for (const FigureSpec& spec : read_figure_specs(study)) {
    const FigureKind& kind = *find_figure_kind(spec.kind);
    for (const FigureSource& source : sources_of(study, folder, results, spec, kind.scope)) {
      try {
        for (PlottedFigure& figure : kind.make(source, spec)) {
          if (!names.insert(figure.name).second) {
            throw UsageError("plot", fmt::format("two figures are called '{}'", figure.name),
                             "Name them otherwise");
          }
          figures.push_back(std::move(figure));
        }
      } catch (const MissingResults& missing) {
        spdlog::warn("the figure {} is skipped: {}", source.name, missing.what());
      }
    }
  }
  return figures;
}

}  // namespace austeer
