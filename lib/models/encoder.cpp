#include "models/encoder.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "base/names.hpp"
#include "models/linear.hpp"
#include "models/placement.hpp"

namespace austeer {

namespace {

/// The special tokens before a text and after it: what is left of a tokenised letter around it.
std::pair<std::vector<TokenId>, std::vector<TokenId>> frame_of(const Tokenizer& tokenizer) {
  const std::vector<TokenId> bare = tokenizer.encode("a", false);
  const std::vector<TokenId> whole = tokenizer.encode("a", true);
  const auto found = std::search(whole.begin(), whole.end(), bare.begin(), bare.end());
  if (bare.empty() || found == whole.end()) {
    throw FormatError("model", "the tokenizer does not put its special tokens around a text");
  }
  const auto end = found + static_cast<std::ptrdiff_t>(bare.size());
  return {{whole.begin(), found}, {end, whole.end()}};
}

}  // namespace

at::Tensor EncoderBatch::rows() const {
  return at::tensor(at::ArrayRef<std::int64_t>(texts), at::kLong);
}

EncoderTexts::EncoderTexts(std::unique_ptr<Tokenizer> tokenizer, const EncoderConfig& config,
                           std::optional<std::int64_t> longest)
    : tokenizer_(std::move(tokenizer)),
      longest_(std::min(longest.value_or(config.longest()), config.longest())) {
  std::tie(prefix_, suffix_) = frame_of(*tokenizer_);
  if (tokenizer_->size() > config.vocabulary) {
    throw FormatError({"[model] the tokenizer is not that of the model",
                       fmt::format("at most {} tokens", config.vocabulary),
                       std::to_string(tokenizer_->size()), ""});
  }
  const auto special = static_cast<std::int64_t>(prefix_.size() + suffix_.size());
  if (longest_ > special) return;
  throw FormatError({"[model] the longest text leaves no room for tokens of its own",
                     fmt::format("more than {} tokens", special), std::to_string(longest_), ""});
}

std::vector<TokenId> EncoderTexts::encode(std::string_view text) const {
  // Unlike BOS, the frame is put around texts that have its tokens themselves.
  std::vector<TokenId> tokens = prefix_;
  const std::vector<TokenId> own = tokenizer_->encode(text, false);
  tokens.insert(tokens.end(), own.begin(), own.end());
  const auto room = static_cast<std::size_t>(longest_) - suffix_.size();
  if (tokens.size() > room) tokens.resize(room);
  tokens.insert(tokens.end(), suffix_.begin(), suffix_.end());
  return tokens;
}

std::vector<EncoderBatch> EncoderTexts::batches(std::span<const std::string> texts,
                                                std::int64_t batch_tokens) const {
  const auto count = static_cast<std::int64_t>(texts.size());
  std::vector<std::vector<TokenId>> tokens(texts.size());
  at::parallel_for(0, count, 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      tokens[i] = encode(texts[i]);
    }
  });
  const auto of = [&](std::int64_t text) -> const std::vector<TokenId>& {
    return tokens[static_cast<std::size_t>(text)];
  };
  std::vector<std::int64_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](std::int64_t i) { return of(i).size(); });

  std::vector<EncoderBatch> batches;
  for (const std::int64_t text : order) {
    const std::size_t filled = batches.empty() ? 0 : batches.back().packed.tokens.size();
    if (batches.empty() || filled + of(text).size() > static_cast<std::size_t>(batch_tokens)) {
      batches.emplace_back();
    }
    batches.back().packed.add(of(text));
    batches.back().texts.push_back(text);
  }
  return batches;
}

namespace {

template <typename Value>
Value entry(const std::map<std::string, Value>& table, const std::string& name,
            const std::string& place, std::string_view what) {
  const auto found = table.find(name);
  if (found != table.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [key, value] : table) known.push_back(key);
  throw FormatError({fmt::format("{}: the {} '{}' is not supported", place, what, name), "", "",
                     suggestion(name, known)});
}

EncoderActivation activation_called(const std::string& name, const std::string& place) {
  static const std::map<std::string, EncoderActivation> table = {
      {"gelu", EncoderActivation::gelu},
      {"gelu_new", EncoderActivation::gelu_tanh},
      {"gelu_pytorch_tanh", EncoderActivation::gelu_tanh},
      {"relu", EncoderActivation::relu},
      {"silu", EncoderActivation::silu},
      {"swish", EncoderActivation::silu}};
  return entry(table, name, place, "activation");
}

void read_bert(Fields& fields, EncoderConfig& config) {
  config.layers = fields.required<std::int64_t>("num_hidden_layers");
  config.width = fields.required<std::int64_t>("hidden_size");
  config.heads = fields.required<std::int64_t>("num_attention_heads");
  config.ffn_width = fields.required<std::int64_t>("intermediate_size");
  config.token_types = fields.required<std::int64_t>("type_vocab_size");
  config.norm_epsilon = fields.optional("layer_norm_eps", config.norm_epsilon);
  config.activation =
      activation_called(fields.optional<std::string>("hidden_act", "gelu"), fields.place());
  const auto kind = fields.optional<std::string>("position_embedding_type", "absolute");
  if (kind != "absolute") fields.refuse("position_embedding_type", "absolute", kind);
  if (fields.optional("is_decoder", false)) {
    fields.refuse("is_decoder", "false: an encoder sees the whole text", true);
  }
}

void read_roberta(Fields& fields, EncoderConfig& config) {
  read_bert(fields, config);
  config.padding = fields.optional<TokenId>("pad_token_id", 1);
  if (config.padding < 0) fields.refuse("pad_token_id", "a token", config.padding);
}

void read_distilbert(Fields& fields, EncoderConfig& config) {
  config.layers = fields.required<std::int64_t>("n_layers");
  config.width = fields.required<std::int64_t>("dim");
  config.heads = fields.required<std::int64_t>("n_heads");
  config.ffn_width = fields.required<std::int64_t>("hidden_dim");
  config.activation =
      activation_called(fields.optional<std::string>("activation", "gelu"), fields.place());
}

void check_size(std::string_view name, std::int64_t value, std::int64_t least, std::int64_t most,
                const std::string& place) {
  if (value >= least && value <= most) return;
  throw FormatError({fmt::format("{}: {} is impossible", place, name),
                     fmt::format("{} to {}", least, most), std::to_string(value), ""});
}

void check(const EncoderConfig& config, const std::string& place) {
  check_size("the number of layers", config.layers, 1, 1024, place);
  check_size("the hidden size", config.width, 1, 1 << 17, place);
  check_size("the number of attention heads", config.heads, 1, 1 << 12, place);
  check_size("the intermediate size", config.ffn_width, 1, 1 << 20, place);
  check_size("the vocabulary size", config.vocabulary, 1, 1 << 24, place);
  check_size("the number of token types", config.token_types, 0, 1 << 16, place);
  check_size("the number of positions", config.positions, config.padding + 2, 1 << 24, place);
  if (config.padding >= config.vocabulary) {
    throw FormatError({place + ": pad_token_id is not in the vocabulary",
                       fmt::format("below {}", config.vocabulary), std::to_string(config.padding),
                       ""});
  }
  if (config.width % config.heads != 0) {
    throw FormatError({place + ": the attention heads must divide the hidden size", "",
                       fmt::format("{} and {}", config.heads, config.width), ""});
  }
  if (!std::isfinite(config.norm_epsilon) || config.norm_epsilon <= 0) {
    throw FormatError({place + ": layer_norm_eps must be positive", "",
                       fmt::format("{}", config.norm_epsilon), ""});
  }
}

}  // namespace

EncoderConfig parse_encoder_config(const Json& json, const std::string& place) {
  using Reader = void (*)(Fields&, EncoderConfig&);
  static const std::map<std::string, Reader> readers = {
      {"bert", read_bert}, {"roberta", read_roberta}, {"distilbert", read_distilbert}};
  Fields fields(json, place);
  EncoderConfig config;
  config.model_type = fields.required<std::string>("model_type");
  const Reader read = entry(readers, config.model_type, place, "encoder type");
  if (fields.has("quantization_config")) {
    throw FormatError("model", place + ": quantised encoders are not supported");
  }
  config.vocabulary = fields.required<std::int64_t>("vocab_size");
  config.positions = fields.required<std::int64_t>("max_position_embeddings");
  read(fields, config);
  check(config, place);
  return config;
}

EncoderConfig read_encoder_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  return parse_encoder_config(read_json(file), file.string());
}

namespace {

constexpr const char* words = "embeddings.word_embeddings.weight";

/// Where a family keeps the weights of its layers.
struct LayerNames {
  std::string at;  ///< of layer {}
  std::string query, key, value, output, attention_norm, up, down, ffn_norm;
};

const LayerNames& layer_names(const std::string& model_type) {
  static const LayerNames bert{
      "encoder.layer.{}.",    "attention.self.query",   "attention.self.key",
      "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
      "intermediate.dense",   "output.dense",           "output.LayerNorm"};
  static const LayerNames distilbert{
      "transformer.layer.{}.", "attention.q_lin", "attention.k_lin", "attention.v_lin",
      "attention.out_lin",     "sa_layer_norm",   "ffn.lin1",        "ffn.lin2",
      "output_layer_norm"};
  return model_type == "distilbert" ? distilbert : bert;
}

/// Old checkpoints call weight and bias of a norm gamma and beta.
LayerNorm load_norm(const Weights& weights, const Checkpoint& checkpoint, const std::string& name,
                    std::int64_t width) {
  const bool old = !checkpoint.has(name + ".weight") && checkpoint.has(name + ".gamma");
  return {weights.tensor(name + (old ? ".gamma" : ".weight"), {width}),
          weights.tensor(name + (old ? ".beta" : ".bias"), {width})};
}

/// Three layers that read the same input as one.
Linear joined(const Linear& a, const Linear& b, const Linear& c) {
  return {at::cat({a.weight, b.weight, c.weight}), at::cat({a.bias, b.bias, c.bias})};
}

void activate(EncoderActivation activation, at::Tensor& x) {
  switch (activation) {
    case EncoderActivation::gelu:
      at::gelu_(x);
      return;
    case EncoderActivation::gelu_tanh:
      at::gelu_(x, "tanh");
      return;
    case EncoderActivation::relu:
      at::relu_(x);
      return;
    case EncoderActivation::silu:
      at::silu_(x);
      return;
  }
}

std::vector<std::int64_t> positions_of(const PackedTexts& texts, TokenId padding) {
  std::vector<std::int64_t> positions;
  positions.reserve(texts.tokens.size());
  for (const TextRun& run : texts.runs) {
    for (std::int64_t text = 0; text < run.texts; ++text) {
      std::int64_t next = padding + 1;
      for (std::int64_t i = 0; i < run.length; ++i) {
        const bool counts = padding < 0 || texts.tokens[positions.size()] != padding;
        positions.push_back(counts ? next++ : padding);
      }
    }
  }
  return positions;
}

}  // namespace

void PackedTexts::add(std::span<const TokenId> text) {
  const auto length = static_cast<std::int64_t>(text.size());
  if (length == 0) throw UsageError("model", "an encoder cannot read a text without tokens");
  const auto row = static_cast<std::int64_t>(tokens.size());
  if (runs.empty() || runs.back().length != length) runs.push_back({row, 0, length});
  ++runs.back().texts;
  tokens.insert(tokens.end(), text.begin(), text.end());
}

std::string encoder_prefix(const EncoderConfig& config, const Checkpoint& checkpoint) {
  const std::string prefix = config.model_type + ".";
  return checkpoint.has(prefix + words) ? prefix : "";
}

Encoder::Encoder(const EncoderConfig& config, const Checkpoint& checkpoint, at::ScalarType dtype,
                 at::Device device)
    : config_(config), dtype_(dtype), device_(device) {
  const Weights weights(checkpoint, dtype, device);
  const std::int64_t width = config.width;
  const std::string prefix = encoder_prefix(config, checkpoint);
  const auto norm = [&](const std::string& name) {
    return load_norm(weights, checkpoint, name, width);
  };

  word_embedding_ = weights.tensor(prefix + words, {config.vocabulary, width});
  position_embedding_ =
      weights.tensor(prefix + "embeddings.position_embeddings.weight", {config.positions, width});
  if (config.token_types > 0) {
    position_embedding_ =
        position_embedding_ + weights.tensor(prefix + "embeddings.token_type_embeddings.weight",
                                             {config.token_types, width})[0];
  }
  embedding_norm_ = norm(prefix + "embeddings.LayerNorm");

  const LayerNames& names = layer_names(config.model_type);
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const std::string at = prefix + fmt::format(fmt::runtime(names.at), i);
    const auto square = [&](const std::string& name) {
      return weights.linear(at + name, width, width, true);
    };
    layers_.push_back({joined(square(names.query), square(names.key), square(names.value)),
                       square(names.output), norm(at + names.attention_norm),
                       weights.linear(at + names.up, config.ffn_width, width, true),
                       weights.linear(at + names.down, width, config.ffn_width, true),
                       norm(at + names.ffn_norm)});
  }
}

void Encoder::check(const PackedTexts& texts, std::int64_t layers) const {
  if (layers < 0 || layers > config_.layers) {
    throw UsageError("model",
                     fmt::format("the encoder has {} layers, not {}", config_.layers, layers));
  }
  for (const TextRun& run : texts.runs) {
    if (run.length <= config_.longest()) continue;
    throw UsageError("model", fmt::format("a text of {} tokens is too long: the encoder takes {}",
                                          run.length, config_.longest()));
  }
  for (const TokenId token : texts.tokens) {
    if (token >= 0 && token < config_.vocabulary) continue;
    throw UsageError("model", fmt::format("the token {} is not in the encoder's vocabulary of {}",
                                          token, config_.vocabulary));
  }
}

at::Tensor Encoder::forward(const PackedTexts& texts, std::int64_t layers,
                            const AtState& at_state) const {
  check(texts, layers);
  return with_memory_errors([&] { return run_layers(texts, layers, at_state); });
}

at::Tensor Encoder::run_layers(const PackedTexts& texts, std::int64_t layers,
                               const AtState& at_state) const {
  if (texts.tokens.empty()) {
    return at::empty({0, config_.width}, at::TensorOptions().dtype(dtype_).device(device_));
  }
  at::Tensor x = embed(texts);  // [T, D]
  if (at_state) at_state(0, x);
  for (std::int64_t i = 0; i < layers; ++i) {
    const Layer& layer = layers_[static_cast<std::size_t>(i)];
    x = norm(layer.output(attend(layer.query_key_value(x), texts.runs)).add_(x),
             layer.attention_norm);
    at::Tensor wide = layer.up(x);
    activate(config_.activation, wide);
    x = norm(layer.down(wide).add_(x), layer.ffn_norm);
    if (at_state) at_state(i + 1, x);
  }
  return x;
}

at::Tensor Encoder::embed(const PackedTexts& texts) const {
  const at::Tensor tokens = at::tensor(at::ArrayRef<TokenId>(texts.tokens), at::kInt).to(device_);
  const at::Tensor positions =
      at::tensor(at::ArrayRef<std::int64_t>(positions_of(texts, config_.padding)), at::kLong)
          .to(device_);
  at::Tensor x = at::embedding(word_embedding_, tokens);
  return norm(x.add_(at::embedding(position_embedding_, positions)), embedding_norm_);
}

/// Each token attends to all of its text. `projected` [T, 3D]: queries, keys and values side by
/// side. Returns [T, D].
at::Tensor Encoder::attend(const at::Tensor& projected, const std::vector<TextRun>& runs) const {
  const auto of_run = [&](const TextRun& run) {
    const at::Tensor parts = projected.narrow(0, run.first_row, run.texts * run.length)
                                 .view({run.texts, run.length, 3, config_.heads, -1})
                                 .permute({2, 0, 3, 1, 4});  // [3, texts, H, length, head_dim]
    return at::scaled_dot_product_attention(parts[0], parts[1], parts[2])
        .transpose(1, 2)
        .reshape({run.texts * run.length, config_.width});
  };
  if (runs.size() == 1) return of_run(runs.front());
  std::vector<at::Tensor> attended;
  attended.reserve(runs.size());
  for (const TextRun& run : runs) attended.push_back(of_run(run));
  return at::cat(attended);
}

at::Tensor Encoder::norm(const at::Tensor& x, const LayerNorm& norm) const {
  return at::layer_norm(x, {config_.width}, norm.weight, norm.bias, config_.norm_epsilon);
}

}  // namespace austeer
