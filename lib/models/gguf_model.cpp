#include "models/gguf_model.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <string_view>

#include "base/names.hpp"
#include "base/scan.hpp"
#include "models/families.hpp"
#include "models/gguf_config.hpp"

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
  const auto number = parse_number<std::int64_t>(index).value_or(-1);
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

namespace {

/// Throws unless the tensor `name` has a matrix for each of `experts`.
void check_experts(const GgufFile& file, const std::string& name, std::int64_t experts) {
  const std::vector<std::int64_t> shape = file.shape(name);
  const bool empty = std::ranges::find(shape, 0) != shape.end();
  if (shape.size() == 3 && shape.front() == experts && !empty) return;
  throw FormatError({fmt::format("{}: '{}' does not hold the experts", file.path().string(), name),
                     fmt::format("{} matrices, one for each", experts),
                     fmt::format("[{}]", fmt::join(shape, ", ")), ""});
}

/// Rows [heads * head_dim, ...] from interleaved order (2i, 2i + 1 form a pair) to half-split order
/// (i, i + head_dim / 2 do).
at::Tensor to_half_split(const at::Tensor& rows, std::int64_t heads) {
  const std::int64_t in = rows.dim() == 2 ? rows.size(1) : 1;
  return rows.view({heads, -1, 2, in}).transpose(1, 2).reshape(rows.sizes());
}

/// The special tokens that the metadata names, as a chat template calls them.
std::map<std::string, std::string> special_tokens_of(const GgufFile& file) {
  const auto pieces =
      file.metadata().optional<std::vector<std::string_view>>("tokenizer.ggml.tokens", {});
  std::map<std::string, std::string> tokens;
  for (const auto& [key, name] : {std::pair{"bos", "bos_token"},
                                  {"eos", "eos_token"},
                                  {"unknown", "unk_token"},
                                  {"seperator", "sep_token"},  // spelt so in the files
                                  {"padding", "pad_token"},
                                  {"cls", "cls_token"},
                                  {"mask", "mask_token"}}) {
    const auto id = gguf_token(file, fmt::format("tokenizer.ggml.{}_token_id", key),
                               static_cast<std::int64_t>(pieces.size()));
    if (id) tokens[name] = pieces[static_cast<std::size_t>(*id)];
  }
  return tokens;
}

}  // namespace

GgufModel::GgufModel(const std::filesystem::path& file)
    : file_(file), config_(read_gguf_config(file_)) {
  const GgufNaming naming{config_.layers, config_.post_norms,
                          config_.experts ? config_.experts->count : 0};
  for (const std::string& name : file_.names()) {
    const bool sliced = has_experts(name);
    if (sliced) check_experts(file_, name, naming.experts);
    std::int64_t slice = 0;
    for (const std::string& offered : hugging_face_names(name, naming)) {
      places_[offered] = {name, sliced ? std::optional(slice++) : std::nullopt};
    }
  }
}

std::unique_ptr<Tokenizer> GgufModel::tokenizer() const { return make_gguf_tokenizer(file_); }

std::optional<ChatTemplate> GgufModel::chat_template() const {
  const std::string key = "tokenizer.chat_template";
  const std::string place = fmt::format("{}: {}", path().string(), key);
  std::map<std::string, std::string> sources;
  try {
    for (const std::string& known : file_.metadata().keys()) {
      const bool named = known.starts_with(key + ".");
      if (known != key && !named) continue;
      sources[named ? known.substr(key.size() + 1) : "default"] =
          file_.metadata().required<std::string>(known);
    }
    if (sources.empty()) return std::nullopt;
    return choose_chat_template(sources, place, special_tokens_of(file_));
  } catch (const Error& error) {
    return ChatTemplate::unusable(place, error.what());
  }
}

std::vector<std::string> GgufModel::names() const {
  std::vector<std::string> result;
  for (const auto& [name, place] : places_) result.push_back(name);
  return result;
}

const GgufModel::Place& GgufModel::find(const std::string& name) const {
  const auto found = places_.find(name);
  if (found != places_.end()) return found->second;
  throw FormatError("gguf", fmt::format("{}: there is no tensor '{}'", path().string(), name),
                    suggestion(name, names()));
}

std::vector<std::int64_t> GgufModel::shape(const std::string& name) const {
  const Place& place = find(name);
  std::vector<std::int64_t> shape = file_.shape(place.tensor);
  if (place.slice) shape.erase(shape.begin());
  return shape;
}

at::Tensor GgufModel::load(const std::string& name, at::ScalarType dtype) const {
  const Place& place = find(name);
  if (place.slice) return file_.load_slice(place.tensor, *place.slice, dtype);
  if (config_.norm_offset && name.ends_with("norm.weight")) {
    return (file_.load(place.tensor, at::kFloat) - 1).to(dtype);
  }
  at::Tensor stored = file_.load(place.tensor, dtype);
  if (stored.dim() == 1) stored = stored.clone();
  if (!family_of(config_.model_type).interleaved_rope) return stored;
  if (name.find(".q_proj.") != std::string::npos) return to_half_split(stored, config_.heads);
  if (name.find(".k_proj.") != std::string::npos) return to_half_split(stored, config_.kv_heads);
  return stored;
}

}  // namespace austeer
