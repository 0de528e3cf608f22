#pragma once
// How each kind of figure is made of results. A new kind is a value of FigureKind with its keys
// (studies/figure_spec.hpp), a file with its function, and a line in plots.cpp.

#include <string>
#include <vector>

#include "studies/figure_source.hpp"
#include "studies/figure_spec.hpp"
#include "studies/plots.hpp"

namespace austeer {

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

}  // namespace austeer
