#pragma once
// A tap that keeps every row that passes any site.

#include <ATen/ATen.h>
#include <map>
#include <vector>

#include "engine/packed_pass.hpp"

namespace austeer::testing {

class Recorder : public Tap {
 public:
  bool wants(Site /*site*/, std::int64_t /*layer*/) const override { return true; }
  void visit(Site site, std::int64_t /*layer*/, const Rows& /*rows*/,
             at::Tensor& activations) override {
    seen_[site].push_back(activations.clone());
  }

  /// What was seen at `site` of `layer`: [rows, width].
  const at::Tensor& seen(Site site, std::int64_t layer) const {
    return seen_.at(site)[static_cast<std::size_t>(layer)];
  }

  /// What was seen at `site`: [layers, rows, width].
  at::Tensor stacked(Site site) const { return at::stack(seen_.at(site)); }

 private:
  std::map<Site, std::vector<at::Tensor>> seen_;
};

}  // namespace austeer::testing
