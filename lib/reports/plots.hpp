#pragma once
// The figures that a study's `figures:` asks for, drawn from results and rankings alone.

#include <filesystem>
#include <string>
#include <vector>

#include "documents/figure.hpp"
#include "reports/figure_source.hpp"
#include "reports/results.hpp"
#include "studies/figure_spec.hpp"
#include "studies/folder.hpp"
#include "studies/study.hpp"

namespace austeer {

struct PlottedFigure {
  std::string name;     ///< of its files; a plain name
  std::string caption;  ///< what is shown, of how many items, and what was chosen
  std::string alt;      ///< what is to be seen, in words
  Figure figure;
};

// How each kind of figure is made of results. A new kind is a value of FigureKind with its keys
// (studies/figure_spec.hpp), a file with its function, and a line in plots.cpp.

// Each makes the figures of one source, usually one, called source.name, and throws MissingResults.
std::vector<PlottedFigure> make_grid_figure(const FigureSource& source, const FigureSpec& spec);
std::vector<PlottedFigure> make_curve_figure(const FigureSource& source, const FigureSpec& spec);
std::vector<PlottedFigure> make_units_figure(const FigureSource& source, const FigureSpec& spec);
std::vector<PlottedFigure> make_scores_figure(const FigureSource& source, const FigureSpec& spec);
std::vector<PlottedFigure> make_overlap_figure(const FigureSource& source, const FigureSpec& spec);
std::vector<PlottedFigure> make_accuracies_figure(const FigureSource& source,
                                                  const FigureSpec& spec);
std::vector<PlottedFigure> make_frontier_figure(const FigureSource& source, const FigureSpec& spec);
std::vector<PlottedFigure> make_divergence_figure(const FigureSource& source,
                                                  const FigureSpec& spec);
std::vector<PlottedFigure> make_tokens_figure(const FigureSource& source, const FigureSpec& spec);

/// The figures, in the order in which the study lists them: one for each model (and task) where it
/// shows several. A figure whose results are not there is skipped with a warning that names the
/// sweep. Throws FormatError for a broken ranking, UsageError for two figures of one name.
std::vector<PlottedFigure> make_figures(const Study& study, const StudyFolder& folder,
                                        const std::vector<EntryResults>& results);

/// Draws the figures into FOLDER/figures: NAME.tsv, .gnuplot, .svg and .png, and figures.json with
/// their captions. Files of figures that figures.json names and that are no longer drawn are
/// removed. Returns the files that it wrote. Throws what read_results(), make_figures() and draw()
/// throw.
std::vector<std::filesystem::path> write_figures(const Study& study, const StudyFolder& folder);

}  // namespace austeer
