#pragma once
// What the families of decoders do unlike each other, as far as the name alone tells; sizes and the
// rest come from the file. The one table of it, for config.json and GGUF alike: a new family is an
// entry.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/config.hpp"

namespace austeer {

/// Which layers of a model with a sliding window have it.
enum class WindowedLayers {
  none,         ///< no window, whatever the file says
  every_layer,  ///< all
  listed,       ///< those that config.json lists, else those from max_window_layers on
  alternating,  ///< those that config.json lists, else all but every window_period-th
};

struct Family {
  std::string_view model_type;        ///< as config.json calls it
  std::string_view architecture;      ///< as GGUF calls it
  std::string_view larger_type = {};  ///< of a model of text and pictures whose text part is one

  // How it computes: DecoderConfig has the words on each.
  Activation activation = Activation::silu;
  bool attention_bias = false;
  bool query_key_norms = false;
  bool post_norms = false;
  bool norm_offset = false;
  bool scaled_embeddings = false;
  bool tied_embeddings = false;
  double attention_softcap = 0.0;
  double logit_softcap = 0.0;

  // What of config.json it reads, and what it takes where nothing is said.
  bool reads_attention_bias = true;  ///< attention_bias; else its biases are as above
  bool reads_ffn_bias = false;       ///< mlp_bias
  bool reads_query_scale = false;    ///< query_pre_attn_scalar and the caps of scores and logits
  bool has_experts = false;
  std::int64_t head_dim = 0;  ///< 0: width / heads
  WindowedLayers windowed = WindowedLayers::none;
  bool windows_by_switch = false;  ///< only where use_sliding_window is set
  std::int64_t window_period = 0;
  bool two_ropes = false;  ///< layers with a window have a RoPE of their own
  double rope_theta = 1e4;

  // What GGUF does not say.
  std::int64_t gguf_window = 0;     ///< of a file that gives none
  std::int64_t largest_layers = 0;  ///< the model of so many scales queries by width / heads
  bool interleaved_rope = false;    ///< GGUF stores queries and keys with RoPE's pairs side by side

  bool overflows_float16 = false;  ///< was made in bfloat16, and its activations leave float16
};

/// The family called `model_type`: llama, mistral, qwen2, qwen3, qwen3_moe, gemma2, gemma3_text.
/// Throws FormatError for another one, opened by `place`.
const Family& family_of(std::string_view model_type, std::string_view place = "[model]");

/// The family whose models GGUF calls `architecture`; null for another one.
const Family* family_in_gguf(std::string_view architecture);

/// The family that is the text part of the larger models called `model_type`; null for another.
const Family* family_of_text_part(std::string_view model_type);

/// The names of all, sorted.
std::vector<std::string> family_names();

/// Their architectures in GGUF, each once.
std::vector<std::string_view> gguf_architectures();

/// Sets how a model of `config.model_type` computes. Throws as family_of() does.
void apply_family(DecoderConfig& config, const std::string& place);

/// The windows of a model of which every `period`-th layer sees all tokens and the others `window`.
std::vector<std::int64_t> alternating_windows(std::int64_t layers, std::int64_t window,
                                              std::int64_t period);

}  // namespace austeer
