#include "models/gguf_names.hpp"

#include <array>
#include <string_view>

namespace austeer {
namespace {

struct Names {
  std::string_view hugging_face;
  std::string_view gguf;
};

constexpr std::string_view hugging_face_layer = "model.layers.";
constexpr std::string_view gguf_layer = "blk.";

constexpr std::array outside_layers = {Names{"model.embed_tokens", "token_embd"},
                                       Names{"model.norm", "output_norm"},
                                       Names{"lm_head", "output"}};
constexpr std::array inside_layers = {
    Names{"input_layernorm", "attn_norm"},    Names{"self_attn.q_proj", "attn_q"},
    Names{"self_attn.k_proj", "attn_k"},      Names{"self_attn.v_proj", "attn_v"},
    Names{"self_attn.o_proj", "attn_output"}, Names{"post_attention_layernorm", "ffn_norm"},
    Names{"mlp.gate_proj", "ffn_gate"},       Names{"mlp.up_proj", "ffn_up"},
    Names{"mlp.down_proj", "ffn_down"}};

/// Translates `name` = [layer_prefix INDEX .] STEM .weight|.bias from one column to the other.
std::string translate(std::string_view name, std::string_view Names::*from,
                      std::string_view Names::*to, std::string_view from_layer,
                      std::string_view to_layer) {
  const std::size_t suffix = name.rfind('.');
  if (suffix == std::string_view::npos) return "";
  std::string_view stem = name.substr(0, suffix);
  std::string prefix;
  const bool in_layer = stem.starts_with(from_layer);
  if (in_layer) {
    const std::size_t dot = stem.find('.', from_layer.size());
    if (dot == std::string_view::npos) return "";
    prefix = std::string(to_layer) +
             std::string(stem.substr(from_layer.size(), dot + 1 - from_layer.size()));
    stem = stem.substr(dot + 1);
  }
  const auto search = [&](const auto& table) -> std::string {
    for (const Names& names : table) {
      if (names.*from == stem) {
        return prefix + std::string(names.*to) + std::string(name.substr(suffix));
      }
    }
    return "";
  };
  return in_layer ? search(inside_layers) : search(outside_layers);
}

}  // namespace

std::string gguf_name(const std::string& hugging_face_name) {
  return translate(hugging_face_name, &Names::hugging_face, &Names::gguf, hugging_face_layer,
                   gguf_layer);
}

std::string hugging_face_name(const std::string& gguf_name) {
  return translate(gguf_name, &Names::gguf, &Names::hugging_face, gguf_layer, hugging_face_layer);
}

}  // namespace austeer
