#pragma once
// The kinds of figures that a study can ask for. A new kind is a file with its two functions and a
// line in figure_kinds.cpp.

#include <string>
#include <vector>

#include "studies/figure_source.hpp"
#include "studies/figure_spec.hpp"
#include "studies/plots.hpp"

namespace austeer {

/// What one figure is of, where a study has several models and tasks.
enum class FigureScope { model, model_and_task };

struct FigureKind {
  const char* name;
  FigureScope scope;
  /// Reads the kind's own keys and checks them against the study. Throws FormatError, UsageError.
  void (*read)(FigureFields& figure, FigureSpec& spec);
  /// Makes the figures of one source, usually one, called source.name. Throws MissingResults.
  std::vector<PlottedFigure> (*make)(const FigureSource& source, const FigureSpec& spec);
  bool is_probe = false;  ///< shows what a probe measured (studies/probes.hpp)
};

/// The kind called `name`; null where there is none.
const FigureKind* find_figure_kind(const std::string& name);

/// All names, in the order of the table.
std::vector<std::string> figure_kind_names();

/// Accuracy over two axes of a grid (paper, Figure 10). Keys: method, x, y.
void read_grid_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_grid_figure(const FigureSource& source, const FigureSpec& spec);

/// Accuracy over a numeric axis, a curve for each method (Table 12, Figure 13). Keys: methods, x,
/// log.
void read_curve_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_curve_figure(const FigureSource& source, const FigureSpec& spec);

/// Accuracy of a method's variants along any axis, as bars (Figure 2). Keys: method, x, references.
void read_units_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_units_figure(const FigureSource& source, const FigureSpec& spec);

/// |score| over layers and dimensions, a figure for each site (Figure 11). Key: method.
void read_scores_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_scores_figure(const FigureSource& source, const FigureSpec& spec);

/// The share of their top units that tasks have in common (Figure 12). Keys: method, k.
void read_overlap_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_overlap_figure(const FigureSource& source, const FigureSpec& spec);

/// Accuracies of methods on tasks, as bars (Table 1). Key: methods.
void read_accuracies_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_accuracies_figure(const FigureSource& source,
                                                  const FigureSpec& spec);

/// Toxic rate against cost, a curve for each method. Key: methods.
void read_frontier_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_frontier_figure(const FigureSource& source, const FigureSpec& spec);

/// How far next-token distributions are from each other under one steered unit (Figure 3). Keys:
/// units, strengths, prompts.
void read_divergence_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_divergence_figure(const FigureSource& source,
                                                  const FigureSpec& spec);

/// The tokens that units promote, a figure for each unit (Figure 4). Keys: units, tokens.
void read_tokens_figure(FigureFields& figure, FigureSpec& spec);
std::vector<PlottedFigure> make_tokens_figure(const FigureSource& source, const FigureSpec& spec);

}  // namespace austeer
