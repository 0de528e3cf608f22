#include "reports/plots.hpp"

#include <array>
#include <fmt/format.h>
#include <set>
#include <spdlog/spdlog.h>

#include "base/files.hpp"
#include "base/names.hpp"

namespace austeer {
namespace {

std::vector<PlottedFigure> make_figure(const FigureSource& source, const FigureSpec& spec) {
  switch (spec.kind) {
    case FigureKind::grid:
      return make_grid_figure(source, spec);
    case FigureKind::curve:
      return make_curve_figure(source, spec);
    case FigureKind::units:
      return make_units_figure(source, spec);
    case FigureKind::scores:
      return make_scores_figure(source, spec);
    case FigureKind::overlap:
      return make_overlap_figure(source, spec);
    case FigureKind::accuracies:
      return make_accuracies_figure(source, spec);
    case FigureKind::frontier:
      return make_frontier_figure(source, spec);
    case FigureKind::divergence:
      return make_divergence_figure(source, spec);
    case FigureKind::tokens:
      return make_tokens_figure(source, spec);
  }
  throw UsageError("plot", "a figure of no kind", "");
}

/// `name` with everything that a plain name cannot have replaced by '-'.
std::string plain_part(const std::string& name) {
  std::string plain = name;
  for (char& letter : plain) {
    if (!is_plain_name(std::string("a") + letter)) letter = '-';
  }
  return plain;
}

/// One source for each model (and task) that an entry shows.
std::vector<FigureSource> sources_of(const Study& study, const StudyFolder& folder,
                                     const std::vector<EntryResults>& results,
                                     const FigureSpec& spec) {
  std::vector<const StudyTask*> tasks = {nullptr};
  if (shows_one_task(spec.kind)) tasks = spec.tasks;
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

constexpr std::array figure_endings = {".svg", ".png", ".tsv", ".gnuplot"};

/// The names of figures that an earlier call drew. Throws FormatError for a broken list.
std::set<std::string> drawn_before(const std::filesystem::path& list) {
  std::set<std::string> names;
  if (!std::filesystem::exists(list)) return names;
  const Json document = read_json(list);
  if (!document.is_array()) {
    throw FormatError(
        {list.string(), "a list of figures", to_text(document).substr(0, 80), "Remove the file"});
  }
  for (const Json& entry : document) {
    names.insert(Fields(entry, list.string()).required<std::string>("name"));
  }
  return names;
}

/// Removes the files of figures that are not among `figures`.
void remove_others(const std::filesystem::path& folder, std::set<std::string> names,
                   const std::vector<PlottedFigure>& figures) {
  for (const PlottedFigure& figure : figures) names.erase(figure.name);
  for (const std::string& name : names) {
    if (!is_plain_name(name)) continue;
    for (const char* ending : figure_endings) {
      std::error_code missing;
      std::filesystem::remove(folder / (name + ending), missing);
    }
  }
}

}  // namespace

std::vector<PlottedFigure> make_figures(const Study& study, const StudyFolder& folder,
                                        const std::vector<EntryResults>& results) {
  std::vector<PlottedFigure> figures;
  std::set<std::string> names;
  for (const FigureSpec& spec : study.figures) {
    for (const FigureSource& source : sources_of(study, folder, results, spec)) {
      try {
        for (PlottedFigure& figure : make_figure(source, spec)) {
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

std::vector<std::filesystem::path> write_figures(const Study& study, const StudyFolder& folder) {
  const std::vector<PlottedFigure> figures =
      make_figures(study, folder, read_results(study, folder));
  const std::filesystem::path place = folder.root() / "figures";
  const std::filesystem::path list = place / "figures.json";
  if (study.figures.empty()) spdlog::warn("{} asks for no figures", study.file.string());
  make_folder(place);
  remove_others(place, drawn_before(list), figures);
  std::vector<std::filesystem::path> written;
  Json captions = Json::array();
  for (const PlottedFigure& figure : figures) {
    draw(figure.figure, place / figure.name);
    for (const char* ending : figure_endings) written.push_back(place / (figure.name + ending));
    captions.push_back({{"name", figure.name}, {"caption", figure.caption}, {"alt", figure.alt}});
  }
  write_file(list, to_text(captions, 2) + "\n");
  written.push_back(list);
  return written;
}

}  // namespace austeer
