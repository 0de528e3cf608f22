#include "engine/chosen_rows.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace austeer {
namespace {

/// Indices of the rows for which `chosen` holds of (position, last position of the prompt).
template <typename Predicate>
std::vector<std::int64_t> rows_where(const Rows& rows, const Predicate& chosen) {
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < rows.position.size(); ++i) {
    if (chosen(rows.position[i], rows.prompt_last[i])) {
      result.push_back(static_cast<std::int64_t>(i));
    }
  }
  return result;
}

std::vector<std::int64_t> choose(const Rows& rows, Positions positions) {
  switch (positions) {
    case Positions::all:
      break;
    case Positions::last_prompt:
      return rows_where(rows, std::equal_to<>());
    case Positions::last:
      return rows.last;
    case Positions::from_last_prompt:
      return rows_where(rows, std::greater_equal<>());
  }
  return rows_where(rows, [](std::int64_t, std::int64_t) { return true; });
}

}  // namespace

const std::optional<at::Tensor>& ChosenRows::find(const Rows& rows, Positions positions,
                                                  at::Device device) {
  static const std::optional<at::Tensor> every_row;
  if (positions == Positions::all) return every_row;
  const auto [place, is_new] =
      found_.try_emplace({&rows, positions, device.type(), device.index()}, std::nullopt);
  if (is_new) {
    const std::vector<std::int64_t> chosen = choose(rows, positions);
    if (chosen.size() < rows.position.size()) {
      place->second = at::tensor(chosen, at::kLong).to(device);
    }
  }
  return place->second;
}

}  // namespace austeer
