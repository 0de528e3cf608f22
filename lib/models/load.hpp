#pragma once
// A model ready to run: decoder, tokenizer and what belongs to them.

#include <ATen/ATen.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/decoder.hpp"
#include "models/dtype.hpp"
#include "models/locate.hpp"
#include "models/placement.hpp"
#include "text/chat_template.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

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

/// Loads what locate_model found. Throws FileError, FormatError, UsageError.
Model load_model(const std::string& name, const ModelLocation& location,
                 const ModelOptions& options);

/// The version of libtorch, "2.13.0".
std::string libtorch_version();

}  // namespace austeer
