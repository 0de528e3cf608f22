#pragma once
// Carries out a plan: at each edited site it changes the plan's units, in the rows that each edit's
// positions name.

#include <ATen/ATen.h>
#include <map>
#include <utility>
#include <vector>

#include "engine/chosen_rows.hpp"
#include "engine/tap.hpp"
#include "models/decoder.hpp"
#include "plans/plan.hpp"

namespace austeer {

class PlanTap : public Tap {
 public:
  /// Throws UsageError when an edit has a flaw, or a site, layer or dim that `model` does not have.
  PlanTap(const Plan& plan, const Decoder& model);

  void begin_pass() override { chosen_rows_.begin_pass(); }
  bool acts_alike(const Tap& other, std::int64_t layer) const override;
  bool wants(Site site, std::int64_t layer) const override;
  void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) override;
  bool wants_clean_pass() const override { return clamps_; }
  void observe(Site site, std::int64_t layer, const Rows& rows,
               const at::Tensor& activations) override;

 private:
  struct Prepared {
    Operation operation;
    Positions positions;
    at::Tensor dims;    // int64 [k], undefined where the edit has the site's whole width
    at::Tensor values;  // float32 [k]
    at::Tensor clean;   // of clamp: float32 [texts, k], as the batch's clean pass had them
  };
  using Place = std::pair<std::int64_t, Site>;  // ascending as they are visited

  static at::Tensor edited(const Prepared& edit, const at::Tensor& x);
  static bool are_alike(const Prepared& a, const Prepared& b);

  std::map<Place, std::vector<Prepared>> edits_;
  ChosenRows chosen_rows_;
  bool clamps_ = false;
};

}  // namespace austeer
