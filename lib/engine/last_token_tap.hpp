#pragma once
// Reads the activations at the last token of each text: what `collect` writes to disk.

#include <ATen/ATen.h>
#include <map>
#include <span>
#include <vector>

#include "engine/tap.hpp"
#include "models/decoder.hpp"

namespace austeer {

class LastTokenTap : public Tap {
 public:
  /// Room for `texts` texts at `sites`, in the model's dtype.
  LastTokenTap(const Decoder& model, std::span<const Site> sites, std::int64_t texts);

  bool wants(Site site, std::int64_t layer) const override;
  void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) override;

  /// What was read at `site`: [texts, layers, width] on the CPU, row i for text i.
  const at::Tensor& activations(Site site) const { return read_.at(site); }

 private:
  std::map<Site, at::Tensor> read_;
};

}  // namespace austeer
