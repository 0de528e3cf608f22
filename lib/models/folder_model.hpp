#pragma once
// A Hugging Face folder as a model: its config.json read as configuration, its safetensors offered
// under the names that a decoder asks for, whatever larger model it is a part of.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/config.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {

// The language model in a larger model, one that also sees pictures, say: its numbers stand under
// text_config of config.json, many left to defaults, and its tensors have longer names. This is
// the one place that knows how a checkpoint names a decoder's tensors.

/// The key of config.json under which a text part's numbers stand.
inline constexpr const char* text_config_key = "text_config";

/// Whether `config` is that of a larger model whose text part is one of the families: gemma3.
bool has_text_part(const Json& config);

/// What config.json would be, were the text part a model by itself: text_config, what it leaves out
/// from transformers' Gemma3TextConfig, and what only the larger model says (stop tokens, dtype,
/// quantisation, whether the embedding is tied). Throws FormatError, opened by `place`.
Json text_part_config(const Json& config, const std::string& place);

/// How a checkpoint names the tensors that a decoder calls "model.*" and "lm_head.*".
class TensorNames {
 public:
  /// By where the embedding is: "model.", "language_model.model." (published, and written by
  /// transformers) or "model.language_model." (transformers 4.52 and later in memory). Where it is
  /// nowhere, names are taken as they are.
  explicit TensorNames(const Checkpoint& checkpoint);

  /// The checkpoint's name for the decoder's tensor (or module) `name`.
  std::string stored(const std::string& name) const;
  /// The decoder's name for the checkpoint's tensor `name`; nothing for other parts of the model.
  std::optional<std::string> of_decoder(const std::string& name) const;

 private:
  std::string model_;  ///< instead of "model."
  std::string head_;   ///< instead of "lm_head."
};

class FolderModel : public Checkpoint {
 public:
  /// Reads config.json and opens the weights. Throws FileError, FormatError (a family or a
  /// quantisation that is not supported included).
  explicit FolderModel(const std::filesystem::path& folder);

  /// As config.json says, but for what the weights show: the dtype that they are stored in, and an
  /// unembedding that is in the checkpoint although the config ties it to the embedding. Where its
  /// values are the embedding's it stays tied; where they are not, it is used, with a warning, as
  /// transformers 5 does: such files come from training that the config was not told of.
  const DecoderConfig& config() const { return config_; }
  const TensorNames& tensor_names() const { return names_; }

  bool has(const std::string& name) const override { return files_->has(names_.stored(name)); }
  /// The decoder's alone; what a larger model has beside it is left out.
  std::vector<std::string> names() const override;
  std::vector<std::int64_t> shape(const std::string& name) const override {
    return files_->shape(names_.stored(name));
  }
  at::Tensor load(const std::string& name, at::ScalarType dtype) const override {
    return files_->load(names_.stored(name), dtype);
  }
  at::Tensor stored(const std::string& name) const override {
    return files_->stored(names_.stored(name));
  }
  std::string fingerprint() const override { return files_->fingerprint(); }
  std::filesystem::path path() const override { return files_->path(); }

 private:
  void read_what_weights_show();

  DecoderConfig config_;
  std::unique_ptr<Checkpoint> files_;
  TensorNames names_;
};

}  // namespace austeer
