#pragma once
// One pass for several taps: its rows are common to all up to the layer where two of them differ,
// and fork there.

#include <ATen/ATen.h>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/packed_pass.hpp"
#include "models/decoder.hpp"

namespace austeer {

/// Which taps share which layers, found once for many passes.
class Forks {
 public:
  /// `taps` may be null where they read and edit nothing; they must outlive this.
  Forks(std::span<Tap* const> taps, std::int64_t layers);

  /// Called with the hidden states that `model.forward` would give with one tap alone.
  using OnHidden = std::function<void(std::size_t tap, const at::Tensor& hidden)>;

  /// Runs `pass`, which keeps no keys. Taps are taken in any order.
  void forward(const Decoder& model, PackedPass& pass, const OnHidden& on_hidden) const;

  /// Layers that are run in all, for one pass.
  std::int64_t layers_run() const { return layers_run_; }

 private:
  /// Taps that have been alike so far; they are up to layer `end`.
  struct Branch {
    std::vector<std::size_t> taps;
    std::int64_t end = 0;
    std::vector<Branch> parts;  ///< where they part; none at the last layer
  };

  Branch grow(std::vector<std::size_t> taps, std::int64_t begin);
  bool alike(std::size_t a, std::size_t b, std::int64_t layer) const;
  void run(const Branch& branch, const Decoder& model, PackedPass& pass, PassState state,
           const OnHidden& on_hidden) const;

  std::vector<Tap*> taps_;
  std::int64_t layers_;
  std::int64_t layers_run_ = 0;
  Branch root_;
};

}  // namespace austeer
