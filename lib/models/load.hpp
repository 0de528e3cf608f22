#pragma once
// A model ready to run: decoder, tokenizer and what belongs to them.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/decoder.hpp"
#include "models/dtype.hpp"
#include "models/locate.hpp"
#include "models/placement.hpp"
#include "tensors/gguf.hpp"
#include "text/chat_template.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// Which tokens end an answer: all that the files of a model name, in whatever place, and in a GGUF
// file also those that are known by name.

/// Adds `token` unless it is one of `tokens`.
void add_stop_token(TokenId token, std::vector<TokenId>& tokens);

/// Adds what a config.json or generation_config.json has under `eos_token_id`: one id, a list, or
/// nothing. Throws FormatError for anything else.
void read_stop_tokens(Fields& fields, std::vector<TokenId>& tokens);

/// Adds the tokenizer's own end token; warns, opened by `place`, where others are named and it is
/// not among them, as in many chat models that were trained further.
void add_end_token(const Tokenizer& tokenizer, const std::string& place,
                   std::vector<TokenId>& tokens);

/// The stop tokens of a GGUF file: `tokenizer.ggml.eos_token_id`, `eot_token_id`, `eom_token_id`,
/// and those control tokens whose names end a text or a turn in some family, of which files often
/// name one alone. Throws FormatError for a key that names no token below `vocabulary`.
std::vector<TokenId> gguf_stop_tokens(const GgufFile& file, std::int64_t vocabulary);

struct Model {
  std::string name;  ///< as the user wrote it
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<TokenId> stop_tokens;
  std::optional<ChatTemplate> chat_template;  ///< the one that the model brings
  /// For a model without a template: text with {prompt} of configs/models; "" where there is none.
  std::string chat;
  Json chat_variables = Json::object();  ///< of configs/models, for the template
  std::string fingerprint;               ///< of the weights (Checkpoint::fingerprint)
};

/// Loads what locate_model found. Throws FileError, FormatError, UsageError, OutOfMemoryError.
Model load_model(const std::string& name, const ModelLocation& location,
                 const ModelOptions& options);

/// The version of libtorch, "2.13.0".
std::string libtorch_version();

}  // namespace austeer
