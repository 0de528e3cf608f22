#pragma once
// One entry of a study's `figures:`: what is drawn, of which of its models, tasks and methods.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "plans/units.hpp"

namespace austeer {

struct Study;
struct StudyMethod;
struct StudyTask;

enum class FigureKind {
  grid,        ///< accuracy over two axes of a grid (paper, Figure 10)
  curve,       ///< accuracy over a numeric axis, a curve for each method (Table 12, Figure 13)
  units,       ///< accuracy of a method's variants along any axis, as bars (Figure 2)
  scores,      ///< |score| over layers and dimensions, a figure for each site (Figure 11)
  overlap,     ///< the share of their top units that tasks have in common (Figure 12)
  accuracies,  ///< accuracies of methods on tasks, as bars (Table 1)
  frontier,    ///< toxic rate against cost, a curve for each method
  divergence,  ///< how far next tokens are apart under single steered units (Figure 3)
  tokens,      ///< the tokens that single units promote, a figure for each unit (Figure 4)
};

/// "frontier".
std::string figure_kind_name(FigureKind kind);

/// Whether each task of an entry has a figure of its own; else one figure shows them all.
bool shows_one_task(FigureKind kind);

/// Whether it shows what a probe measured (studies/probes.hpp), and no results.
bool shows_probe(FigureKind kind);

/// What a figure shows. Points into its study.
struct FigureSpec {
  std::string name;
  FigureKind kind = FigureKind::accuracies;
  std::string title;                           ///< "": one that says what it shows
  std::vector<std::string> models;             ///< of these, the study's by default
  std::vector<const StudyTask*> tasks;         ///< likewise
  std::vector<const StudyMethod*> methods;     ///< what it draws
  std::vector<const StudyMethod*> references;  ///< drawn as lines
  const StudyMethod* opponent = nullptr;       ///< of a frontier: whom the others are held against
  std::string x;                               ///< an axis of a grid: "plan.k"
  std::string y;                               ///< likewise
  bool log = false;                            ///< the x axis
  std::int64_t k = 0;                          ///< units at the top of a ranking
  std::vector<UnitName> units;                 ///< that are probed
  std::vector<double> strengths;               ///< likewise
  std::int64_t count = 0;                      ///< of prompts or tokens, likewise
};

/// Reads `figures:`, each key of each entry against the study's models, tasks and methods, which
/// must have been read. Throws FormatError and UsageError with the nearest known kind, key, method,
/// task or axis for an unknown one; UsageError for two entries of one name.
std::vector<FigureSpec> read_figure_specs(const Json& figures, const Study& study);

}  // namespace austeer
