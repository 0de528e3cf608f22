#include "engine/forks.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace austeer {

Forks::Forks(std::span<Tap* const> taps, std::int64_t layers)
    : taps_(taps.begin(), taps.end()), layers_(layers) {
  std::vector<std::size_t> all(taps_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  root_ = grow(std::move(all), 0);
}

bool Forks::alike(std::size_t a, std::size_t b, std::int64_t layer) const {
  const Tap* const first = taps_[a];
  const Tap* const second = taps_[b];
  return first == second ||
         (first != nullptr && second != nullptr && first->acts_alike(*second, layer));
}

Forks::Branch Forks::grow(std::vector<std::size_t> taps, std::int64_t begin) {
  const auto all_alike = [&](std::int64_t layer) {
    return std::ranges::all_of(taps, [&](std::size_t t) { return alike(taps[0], t, layer); });
  };
  std::int64_t end = begin;
  while (end < layers_ && all_alike(end)) ++end;
  layers_run_ += end - begin;
  Branch branch{std::move(taps), end, {}};
  if (end == layers_) return branch;

  std::vector<std::vector<std::size_t>> groups;
  for (const std::size_t tap : branch.taps) {
    const auto group = std::ranges::find_if(
        groups, [&](const auto& known) { return alike(known.front(), tap, end); });
    if (group == groups.end()) {
      groups.push_back({tap});
    } else {
      group->push_back(tap);
    }
  }
  for (std::vector<std::size_t>& group : groups)
    branch.parts.push_back(grow(std::move(group), end));
  return branch;
}

void Forks::forward(const Decoder& model, PackedPass& pass, const OnHidden& on_hidden) const {
  run(root_, model, pass, model.begin(pass), on_hidden);
}

void Forks::run(const Branch& branch, const Decoder& model, PackedPass& pass, PassState state,
                const OnHidden& on_hidden) const {
  pass.show_to(taps_[branch.taps.front()]);
  model.run_layers(pass, state, branch.end);
  if (branch.parts.empty()) {
    const at::Tensor hidden = model.finish(state);
    for (const std::size_t tap : branch.taps) on_hidden(tap, hidden);
    return;
  }
  for (const Branch& part : branch.parts) run(part, model, pass, state, on_hidden);
}

}  // namespace austeer
