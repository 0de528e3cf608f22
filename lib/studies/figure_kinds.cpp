#include "studies/figure_kinds.hpp"

#include <array>

namespace austeer {
namespace {

constexpr std::array known_figure_kinds = {
    FigureKind{"grid", FigureScope::model_and_task, &read_grid_figure, &make_grid_figure},
    FigureKind{"curve", FigureScope::model_and_task, &read_curve_figure, &make_curve_figure},
    FigureKind{"units", FigureScope::model_and_task, &read_units_figure, &make_units_figure},
    FigureKind{"scores", FigureScope::model_and_task, &read_scores_figure, &make_scores_figure},
    FigureKind{"overlap", FigureScope::model, &read_overlap_figure, &make_overlap_figure},
    FigureKind{"accuracies", FigureScope::model, &read_accuracies_figure, &make_accuracies_figure},
    FigureKind{"frontier", FigureScope::model_and_task, &read_frontier_figure,
               &make_frontier_figure},
    FigureKind{"divergence", FigureScope::model_and_task, &read_divergence_figure,
               &make_divergence_figure, /*is_probe=*/true},
    FigureKind{"tokens", FigureScope::model, &read_tokens_figure, &make_tokens_figure,
               /*is_probe=*/true},
};

}  // namespace

const FigureKind* find_figure_kind(const std::string& name) {
  for (const FigureKind& kind : known_figure_kinds) {
    if (name == kind.name) return &kind;
  }
  return nullptr;
}

std::vector<std::string> figure_kind_names() {
  std::vector<std::string> names;
  for (const FigureKind& kind : known_figure_kinds) names.emplace_back(kind.name);
  return names;
}

}  // namespace austeer
