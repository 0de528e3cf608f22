#pragma once
// What a linear plan becomes in the weights of the linear layers that read or write the steered
// activations, so that the model needs no hook.

#include <ATen/ATen.h>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "exports/affine_plan.hpp"
#include "models/config.hpp"
#include "plans/plan.hpp"

namespace austeer {

/// What is done to a linear layer y = W x + b: y = rows * (W (columns * x + input) + b) + output.
/// Tensors are float64, undefined where nothing is done.
struct ModuleFold {
  at::Tensor rows;     ///< [out]
  at::Tensor columns;  ///< [in]
  at::Tensor input;    ///< [in]
  at::Tensor output;   ///< [out]

  bool changes_weight() const { return rows.defined() || columns.defined(); }
  bool changes_bias() const { return rows.defined() || input.defined() || output.defined(); }
  /// rows * W * columns, in the dtype of `weight` [out, in]; taken in float64 and rounded once.
  at::Tensor weight(const at::Tensor& weight) const;
  /// rows * (W input + b) + output, in the dtype of `weight`; `bias` may be undefined.
  at::Tensor bias(const at::Tensor& weight, const at::Tensor& bias) const;
};

struct Folding {
  std::map<std::string, ModuleFold> modules;  ///< by name: "model.layers.3.mlp.down_proj"
  /// Keys of config.json that must become true, since a module gets a bias that its family gives to
  /// all of its kind, and those modules' names, which get biases of zeros.
  std::vector<std::string> switches;
  std::vector<std::string> new_biases;
};

/// The folding of `affine` into a model of `config`:
///   attention   factors on the columns of o_proj; shifts d as the bias W_o d
///   ffn_gate    factors on the columns of down_proj
///   ffn         factors on the rows and the bias of down_proj, of every expert where there are
///               any; shifts on its bias
///   layer       shifts on the bias of down_proj, where no norm follows it
/// Throws UsageError for what cannot be folded, with the reason: factors of `layer`, shifts of
/// `ffn_gate` and of experts, and shifts where the family's modules have no bias.
Folding fold(const AffinePlan& affine, const DecoderConfig& config);

// A plan written into the weights themselves: a whole Hugging Face folder that any program loads as
// it loads the original, at no cost per token.

/// Copies the model in `source`, a folder with config.json and safetensors, to `folder`, which is
/// made and must be empty, with `plan` folded into the weights (see Folding). Shards, the order of
/// their tensors, dtypes and metadata stay the source's, and so do all other files but weights in
/// other formats. What was done stands in austeer.json; config.json is written last, so that a copy
/// that was cut short is no model. Returns the names of the tensors that were changed or are new,
/// in the order in which they were written. Throws what affine_plan() and fold() throw, UsageError
/// for weights in 4 bits and a folder that is not empty, FileError, FormatError.
std::vector<std::string> write_folded_checkpoint(const Plan& plan, const DecoderConfig& config,
                                                 const std::filesystem::path& source,
                                                 const std::filesystem::path& folder);

}  // namespace austeer
