#pragma once
// Carries out a plan: at each edited site it changes the plan's units, in the rows that each edit's
// positions name.

#include <ATen/ATen.h>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/packed_pass.hpp"
#include "models/config.hpp"
#include "models/decoder.hpp"
#include "plans/plan.hpp"

namespace austeer {

// Which rows of a pass the positions of an edit name.

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

// Whether a plan can be carried out on a model.

/// Throws UsageError when an edit of `plan` has a flaw, or a site, layer or dim that a model of
/// `config` does not have, or vectors of another width: "widths" of its provenance, by site, which
/// plans have that were read from other programs' files.
void check_plan(const Plan& plan, const DecoderConfig& config);

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
