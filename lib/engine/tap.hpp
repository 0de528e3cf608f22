#pragma once
// The engine's one seam: a tap sees the packed activations at the sites that it asks for, with the
// text and position of each row, and may read or edit them. Collecting and steering are taps.

#include <ATen/ATen.h>
#include <cstdint>
#include <vector>

#include "plans/units.hpp"

namespace austeer {

/// Which text each packed row belongs to, and where in that text it stands. Rows of one text stand
/// together, in order; a row that several texts share is that of the first of them, stands before
/// the end of each one's prompt, and is the newest of none.
struct Rows {
  std::vector<std::int64_t> text;      ///< index into the engine's list of texts
  std::vector<std::int64_t> position;  ///< 0 for the text's first token
  std::vector<std::int64_t> last;      ///< rows that are the newest of their text, one per text
  /// Position of the last token of the row's prompt, one per row; -1 where the text has none.
  std::vector<std::int64_t> prompt_last;
};

class Tap {
 public:
  virtual ~Tap() = default;

  /// Called before the first visit of a pass, and where a pass that several taps share parts.
  virtual void begin_pass() {}

  /// Whether the two do the same in layer `layer`, so that they can share it: only one of them is
  /// visited there.
  virtual bool acts_alike(const Tap& other, std::int64_t /*layer*/) const { return this == &other; }

  /// Whether visit() is to be called for this site of this layer. Asked before every visit.
  virtual bool wants(Site site, std::int64_t layer) const = 0;

  /// Called once per pass for each wanted site of the layers that no other tap sees in its place,
  /// layers ascending, within a layer in the order
  /// attention, ffn_gate, ffn, layer. `activations` [rows, width] lie on the layer's device, in the
  /// model's dtype, and may be edited in place; what follows in the model sees the edit. In the
  /// last layer only the rows that somebody needs are there.
  virtual void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) = 0;

  /// Whether each batch of prompts is first to be run unedited, for observe() to see. Asked once
  /// per batch.
  virtual bool wants_clean_pass() const { return false; }

  /// Called in such a pass where visit() will be called in the one after it, in the same order.
  /// The rows are those of the prompts alone; of the last layer, their last tokens.
  virtual void observe(Site /*site*/, std::int64_t /*layer*/, const Rows& /*rows*/,
                       const at::Tensor& /*activations*/) {}
};

}  // namespace austeer
