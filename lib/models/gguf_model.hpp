#pragma once
// A GGUF file as a model: its metadata read as configuration and tokenizer, its tensors offered
// under the names and in the row order of Hugging Face checkpoints.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/config.hpp"
#include "tensors/checkpoint.hpp"
#include "tensors/gguf.hpp"
#include "text/chat_template.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// How GGUF names the tensors of a decoder, and how Hugging Face does.

/// What the names depend on.
struct GgufNaming {
  std::int64_t layers = 0;   ///< tensors of other layers are none that a decoder loads
  bool post_norms = false;   ///< norms after attention and FFN too, as in Gemma
  std::int64_t experts = 0;  ///< the slices of an expert tensor
};

/// The Hugging Face names of what the GGUF tensor `name` holds: one for most, one for each expert
/// in order ("blk.3.ffn_up_exps.weight" → "model.layers.3.mlp.experts.0.up_proj.weight", ...), none
/// for what a decoder does not load ("rope_freqs.weight", a layer that it does not have).
std::vector<std::string> hugging_face_names(const std::string& name, const GgufNaming& naming);

/// Whether the tensor `name` has the weights of all experts of a layer.
bool has_experts(const std::string& name);

class GgufModel : public Checkpoint {
 public:
  /// Maps and checks `file`. Throws FileError, FormatError (an architecture that is not supported
  /// included).
  explicit GgufModel(const std::filesystem::path& file);

  const DecoderConfig& config() const { return config_; }

  /// The tokenizer of the metadata. Throws FormatError for a kind that is not supported, a
  /// malformed vocabulary, and one with more tokens than the embedding has rows.
  std::unique_ptr<Tokenizer> tokenizer() const;

  /// The chat template of the metadata, if there is one.
  std::optional<ChatTemplate> chat_template() const;

  bool has(const std::string& name) const override { return places_.contains(name); }
  std::vector<std::string> names() const override;
  std::vector<std::int64_t> shape(const std::string& name) const override;
  /// As Hugging Face has them: query and key rows, which llama files store for interleaved RoPE, in
  /// half-split order; Gemma's norm weights without the 1 that its files have added; experts one by
  /// one. Vectors are copies always: they are float32 in files of any kind, and as views they would
  /// keep the whole mapping after the matrices have been dequantised.
  at::Tensor load(const std::string& name, at::ScalarType dtype) const override;
  std::string fingerprint() const override { return file_.fingerprint(); }
  std::filesystem::path path() const override { return file_.path(); }

 private:
  struct Place {
    std::string tensor;                 ///< the file's own name
    std::optional<std::int64_t> slice;  ///< of the outermost dimension; unset: all of it
  };

  const Place& find(const std::string& name) const;

  GgufFile file_;
  DecoderConfig config_;
  std::map<std::string, Place> places_;  // by Hugging Face name
};

}  // namespace austeer
