#pragma once
// Carries out a plan: at each edited site it changes the plan's units, at every row.

#include <ATen/ATen.h>
#include <map>
#include <utility>
#include <vector>

#include "engine/plan.hpp"
#include "engine/tap.hpp"
#include "models/decoder.hpp"

namespace austeer {

class PlanTap : public Tap {
 public:
  /// Throws UsageError when `plan` edits a layer or dim that `model` does not have.
  PlanTap(const Plan& plan, const Decoder& model);

  bool wants(Site site, std::int64_t layer) const override;
  void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) override;

 private:
  struct Prepared {
    Operation operation;
    at::Tensor dims;    // int64 [k]
    at::Tensor values;  // float32 [k]
  };
  std::map<std::pair<Site, std::int64_t>, std::vector<Prepared>> edits_;
};

}  // namespace austeer
