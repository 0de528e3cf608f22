#include "models/gguf_model.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/suggest.hpp"
#include "models/gguf_config.hpp"
#include "models/gguf_names.hpp"
#include "models/gguf_tokenizer.hpp"

namespace austeer {
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
  if (config_.model_type != "llama") return stored;
  if (name.find(".q_proj.") != std::string::npos) return to_half_split(stored, config_.heads);
  if (name.find(".k_proj.") != std::string::npos) return to_half_split(stored, config_.kv_heads);
  return stored;
}

}  // namespace austeer
