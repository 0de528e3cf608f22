#pragma once
// The language model in a larger model, one that also sees pictures, say: its numbers stand under
// text_config of config.json, many left to defaults, and its tensors have longer names. This is
// the one place that knows how a checkpoint names a decoder's tensors.

#include <optional>
#include <string>

#include "base/json.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {

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

}  // namespace austeer
