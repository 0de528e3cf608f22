#include "models/gguf_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string_view>

namespace austeer {
namespace {

struct Names {
  std::string_view gguf;
  std::string_view hugging_face;
};

constexpr std::string_view gguf_layer = "blk.";

constexpr std::array outside_layers = {Names{"token_embd", "model.embed_tokens"},
                                       Names{"output_norm", "model.norm"},
                                       Names{"output", "lm_head"}};
constexpr std::array inside_layers = {
    Names{"attn_norm", "input_layernorm"},    Names{"attn_q", "self_attn.q_proj"},
    Names{"attn_k", "self_attn.k_proj"},      Names{"attn_v", "self_attn.v_proj"},
    Names{"attn_output", "self_attn.o_proj"}, Names{"attn_q_norm", "self_attn.q_norm"},
    Names{"attn_k_norm", "self_attn.k_norm"}, Names{"ffn_gate", "mlp.gate_proj"},
    Names{"ffn_up", "mlp.up_proj"},           Names{"ffn_down", "mlp.down_proj"},
    Names{"ffn_gate_inp", "mlp.gate"}};
// Hugging Face calls the norm before the FFN by its place after attention, unless attention has a
// norm of its own after it.
constexpr std::array one_norm = {Names{"ffn_norm", "post_attention_layernorm"}};
constexpr std::array post_norms = {Names{"post_attention_norm", "post_attention_layernorm"},
                                   Names{"ffn_norm", "pre_feedforward_layernorm"},
                                   Names{"post_ffw_norm", "post_feedforward_layernorm"}};
constexpr std::array of_experts = {Names{"ffn_gate_exps", "gate_proj"},
                                   Names{"ffn_up_exps", "up_proj"},
                                   Names{"ffn_down_exps", "down_proj"}};

/// [blk.INDEX.]STEM.weight|bias.
struct Parts {
  std::string_view index;  ///< "" outside layers
  std::string_view stem;
  std::string_view suffix;  ///< with its dot
};

std::optional<Parts> split(std::string_view name) {
  const std::size_t last = name.rfind('.');
  if (last == std::string_view::npos) return std::nullopt;
  Parts parts{"", name.substr(0, last), name.substr(last)};
  if (parts.suffix != ".weight" && parts.suffix != ".bias") return std::nullopt;
  if (!parts.stem.starts_with(gguf_layer)) return parts;
  const std::string_view rest = parts.stem.substr(gguf_layer.size());
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  parts.index = rest.substr(0, dot);
  parts.stem = rest.substr(dot + 1);
  return parts;
}

/// Whether `index` is a layer's number, written as numbers are.
bool is_layer(std::string_view index, std::int64_t layers) {
  std::int64_t number = -1;
  std::from_chars(index.data(), index.data() + index.size(), number);
  return number >= 0 && number < layers && std::to_string(number) == index;
}

template <typename Table>
std::string_view find(const Table& table, std::string_view stem) {
  const auto found = std::ranges::find(table, stem, &Names::gguf);
  return found == table.end() ? std::string_view() : found->hugging_face;
}

std::string_view find_in_layer(std::string_view stem, bool with_post_norms) {
  const std::string_view norm = with_post_norms ? find(post_norms, stem) : find(one_norm, stem);
  return norm.empty() ? find(inside_layers, stem) : norm;
}

}  // namespace

std::vector<std::string> hugging_face_names(const std::string& name, const GgufNaming& naming) {
  const std::optional<Parts> parts = split(name);
  if (!parts) return {};
  const auto& [index, stem, suffix] = *parts;
  if (index.empty()) {
    const std::string_view found = find(outside_layers, stem);
    if (found.empty()) return {};
    return {fmt::format("{}{}", found, suffix)};
  }
  if (!is_layer(index, naming.layers)) return {};
  const std::string layer = fmt::format("model.layers.{}", index);
  if (const std::string_view found = find(of_experts, stem); !found.empty()) {
    std::vector<std::string> names;
    for (std::int64_t e = 0; e < naming.experts; ++e) {
      names.push_back(fmt::format("{}.mlp.experts.{}.{}{}", layer, e, found, suffix));
    }
    return names;
  }
  const std::string_view found = find_in_layer(stem, naming.post_norms);
  if (found.empty()) return {};
  return {fmt::format("{}.{}{}", layer, found, suffix)};
}

bool has_experts(const std::string& name) {
  const std::optional<Parts> parts = split(name);
  return parts && !parts->index.empty() && !find(of_experts, parts->stem).empty();
}

}  // namespace austeer
