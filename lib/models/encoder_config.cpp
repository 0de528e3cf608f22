#include "models/encoder_config.hpp"

#include <cmath>
#include <fmt/format.h>
#include <map>

#include "base/suggest.hpp"

namespace austeer {
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

}  // namespace austeer
