#include "models/folder_model.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <spdlog/spdlog.h>
#include <string_view>

#include "models/dtype.hpp"
#include "models/families.hpp"

namespace austeer {

namespace {

constexpr std::string_view decoder_model = "model.";
constexpr std::string_view decoder_head = "lm_head.";
constexpr std::string_view embedding = "embed_tokens.weight";

struct Prefixes {
  std::string_view model;
  std::string_view head;
};

// The text model alone first. A head in the newer spelling stands outside of the text part.
constexpr std::array known_prefixes = {Prefixes{decoder_model, decoder_head},
                                       Prefixes{"language_model.model.", "language_model.lm_head."},
                                       Prefixes{"model.language_model.", decoder_head}};

/// Sizes that transformers 5.23 takes where the text_config of Gemma 3, the one family with one,
/// does not give them.
const Json& text_part_defaults() {
  static const Json defaults = {{"vocab_size", 262208},      {"hidden_size", 2304},
                                {"intermediate_size", 9216}, {"num_hidden_layers", 26},
                                {"num_attention_heads", 8},  {"num_key_value_heads", 4},
                                {"head_dim", 256},           {"max_position_embeddings", 131072},
                                {"sliding_window", 4096},    {"eos_token_id", 1}};
  return defaults;
}

/// `name` with `to` in place of the prefix `from`.
std::optional<std::string> with_prefix(std::string_view name, std::string_view from,
                                       std::string_view to) {
  if (!name.starts_with(from)) return std::nullopt;
  return std::string(to) + std::string(name.substr(from.size()));
}

}  // namespace

bool has_text_part(const Json& config) {
  const auto type = config.is_object() ? config.find("model_type") : config.end();
  return type != config.end() && type->is_string() &&
         family_of_text_part(type->get<std::string>()) != nullptr;
}

Json text_part_config(const Json& config, const std::string& place) {
  Fields fields(config, place);
  const std::string own_type(
      family_of_text_part(fields.required<std::string>("model_type"))->model_type);
  Json text = text_part_defaults();
  text["model_type"] = own_type;
  if (fields.has(text_config_key)) {
    const Json& own = fields.value(text_config_key);
    Fields own_fields(own, place + ": " + text_config_key);
    const auto type = own_fields.optional("model_type", own_type);
    if (type != own_type) own_fields.refuse("model_type", own_type, type);
    text.update(own);
  }
  // What stands outside is said of the whole model.
  for (const char* key : {"eos_token_id", "tie_word_embeddings", "dtype", "torch_dtype",
                          "quantization", "quantization_config", "compression_config"}) {
    if (fields.has(key)) text[key] = fields.value(key);
  }
  return text;
}

TensorNames::TensorNames(const Checkpoint& checkpoint)
    : model_(decoder_model), head_(decoder_head) {
  for (const Prefixes& prefixes : known_prefixes) {
    if (!checkpoint.has(std::string(prefixes.model) + std::string(embedding))) continue;
    model_ = prefixes.model;
    head_ = prefixes.head;
    return;
  }
}

std::string TensorNames::stored(const std::string& name) const {
  if (const auto stored = with_prefix(name, decoder_model, model_)) return *stored;
  return with_prefix(name, decoder_head, head_).value_or(name);
}

std::optional<std::string> TensorNames::of_decoder(const std::string& name) const {
  if (const auto own = with_prefix(name, model_, decoder_model)) return own;
  return with_prefix(name, head_, decoder_head);
}

namespace {

constexpr const char* embedding_name = "model.embed_tokens.weight";
constexpr const char* head_name = "lm_head.weight";

/// Whether both have the same shape, dtype and bytes.
bool same_bytes(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
  return a.nbytes() == 0 || std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

}  // namespace

FolderModel::FolderModel(const std::filesystem::path& folder)
    : config_(read_config(folder)), files_(open_safetensors_checkpoint(folder)), names_(*files_) {
  read_what_weights_show();
  const std::size_t others = files_->names().size() - names().size();
  if (others > 0 && names_.stored(embedding_name) != embedding_name) {
    spdlog::info("{}: the text part is read; {} tensors beside it (of pictures) are not",
                 folder.filename().string(), others);
  }
}

std::vector<std::string> FolderModel::names() const {
  std::vector<std::string> result;
  for (const std::string& name : files_->names()) {
    if (auto own = names_.of_decoder(name)) result.push_back(*std::move(own));
  }
  return result;
}

void FolderModel::read_what_weights_show() {
  const at::Tensor embedding = stored(embedding_name);
  // What the config says of it may be missing, or be that of the weights before a conversion.
  config_.stored_dtype = dtype_name(embedding.scalar_type());
  // An index may promise a head that a tied model's shards do not have: names() has what is there.
  const std::vector<std::string> there = names();
  const bool head = std::ranges::find(there, head_name) != there.end();
  if (!config_.tied_embeddings || !head) return;
  if (same_bytes(embedding, stored(head_name))) return;
  config_.tied_embeddings = false;
  spdlog::warn(
      "{}: config.json ties the unembedding to the embedding, but the checkpoint has a "
      "{} of its own, of other values or another type: it is used",
      path().string(), names_.stored(head_name));
}

}  // namespace austeer
