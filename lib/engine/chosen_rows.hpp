#pragma once
// Which rows of a pass the positions of an edit name.

#include <ATen/ATen.h>
#include <map>
#include <optional>
#include <tuple>

#include "engine/tap.hpp"
#include "plans/plan.hpp"

namespace austeer {

/// Finds them once per pass, however many edits ask for them.
class ChosenRows {
 public:
  /// Forgets the rows of the pass before.
  void begin_pass() { found_.clear(); }

  /// Indices into `rows`, ascending, int64 [n] on `device`; nothing where every row is meant.
  const std::optional<at::Tensor>& find(const Rows& rows, Positions positions, at::Device device);

 private:
  // A pass has two tables of rows, the second for the last layer; both live as long as the pass.
  using Key = std::tuple<const Rows*, Positions, at::DeviceType, at::DeviceIndex>;
  std::map<Key, std::optional<at::Tensor>> found_;
};

}  // namespace austeer
