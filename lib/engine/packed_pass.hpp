#pragma once
// One forward pass over the packed rows of several texts: no padding token is ever computed, and
// what neighbouring texts share is computed once. Linear layers see all rows at once, attention
// runs per text.

#include <ATen/ATen.h>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/names.hpp"
#include "engine/kv_path.hpp"
#include "kernels/run_attention.hpp"
#include "models/decoder.hpp"
#include "plans/units.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// The engine's one seam: a tap sees the packed activations at the sites that it asks for, with the
// text and position of each row, and may read or edit them. Collecting and steering are taps.

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

/// The tokens of one text that a pass is to compute: all of it, or the one that goes on with what
/// is known.
struct TextSlice {
  std::int64_t text;  ///< index into the engine's list of texts
  std::span<const TokenId> tokens;
  std::int64_t prompt;      ///< how many of the text's tokens are its prompt
  std::int64_t needed = 1;  ///< how many of the last tokens are needed after the last layer
  std::int64_t first = 0;   ///< position of tokens[0]; where it is not 0, there is one token
  /// Where the keys of what stands before `first` lie; the pass leads it on through `tokens`. Null
  /// where nothing is to be kept.
  KvPath* path = nullptr;
};

/// How many tokens at their beginning two whole texts can share: those that are equal and stand
/// before the last token of either's prompt and before what is needed of either. No edit but one at
/// all positions, and no reading, tells such tokens apart.
std::int64_t shared_tokens(const TextSlice& a, const TextSlice& b);

/// How a pass computes what can be computed in two ways.
enum class PassKind {
  fast,   ///< each text shares what it can with the one before it; attention reads it in place
  plain,  ///< each text by itself, by general products of matrices
};

constexpr auto enum_table(PassKind) {
  return EnumTable{
      "engine", "passes",
      std::array{std::pair{"fast", PassKind::fast}, std::pair{"plain", PassKind::plain}}};
}

/// How many tokens of `slice` a pass computes where `before` (null: nothing) comes before it.
std::int64_t computed_tokens(const TextSlice* before, const TextSlice& slice, PassKind kind);

class PackedPass : public Pass {
 public:
  /// `tap` may be null; `model` must outlive the pass.
  PackedPass(std::span<const TextSlice> slices, PassKind kind, Tap* tap, const Decoder& model);

  at::Tensor attend(std::int64_t layer, const AttentionConfig& attention, const at::Tensor& queries,
                    const at::Tensor& keys, const at::Tensor& values) override;
  bool sees(Site site, std::int64_t layer) const override;
  void at_site(Site site, std::int64_t layer, at::Tensor& activations) override;

  /// From now on `tap` sees the pass.
  void show_to(Tap* tap);

 private:
  /// What is computed of one text: the packed rows [begin, begin + count), of which the last
  /// `needed` are the rows [needed_begin, needed_begin + needed) in the last layer; and where all
  /// of its keys lie.
  struct Extent {
    std::int64_t begin;
    std::int64_t count;
    std::int64_t needed_begin;
    std::int64_t needed;
    KvPath path;
    bool goes_on;  ///< its keys are written to the path's own block
  };

  /// Adds the rows of the last `count` tokens of `slice`, the last ones of `path`.
  void add(const TextSlice& slice, std::int64_t count, KvPath path);
  /// Takes the pass's keys and values where its texts will be looking for them.
  void hold(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values);
  /// Attention of the last rows of one text, by general products.
  static at::Tensor attend_one(std::int64_t layer, const AttentionConfig& attention,
                               const Extent& extent, const at::Tensor& queries);
  at::Tensor attend_plainly(std::int64_t layer, const AttentionConfig& attention,
                            const at::Tensor& queries, bool all_rows) const;
  at::Tensor attend_in_place(std::int64_t layer, const AttentionConfig& attention,
                             const at::Tensor& queries, bool all_rows) const;
  static std::vector<KeyRun> key_runs(std::int64_t layer, const Extent& extent);

  std::shared_ptr<KvBlock> block_;  // of the texts that begin with this pass
  bool keeps_ = false;              // whether one of them will go on
  std::vector<Extent> extents_;
  std::vector<std::int64_t> ids_;
  std::vector<std::int64_t> needed_index_;
  Rows rows_;
  Rows needed_rows_;  // what is left of rows_ in the last layer
  PassKind kind_;
  const Decoder& model_;
  Tap* tap_ = nullptr;
};

// Cuts texts into passes: those that begin alike stand together, so that a pass computes what they
// share once.

/// Sorts whole texts so that those which begin alike stand together: neighbours share the most.
/// Equal ones keep their order.
void put_alike_together(std::vector<TextSlice>& slices);

/// `slices`, which are whole texts, in passes that compute at most `budget` tokens each; a text
/// that needs more makes a pass of its own. Plain passes keep the order and count every token.
std::vector<std::vector<TextSlice>> cut_into_passes(std::vector<TextSlice> slices, PassKind kind,
                                                    std::int64_t budget);

// The pass before a steered one, for taps that need to know what the model does unsteered.

/// Runs the prompts of `slices`, which are whole texts, for what `tap` observes; nothing where it
/// is null or wants no such pass. Keys and values are not kept.
void run_clean_pass(const Decoder& model, std::span<const TextSlice> slices, PassKind kind,
                    Tap* tap);

}  // namespace austeer
