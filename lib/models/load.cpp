#include "models/load.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <future>
#include <spdlog/spdlog.h>
#include <string_view>
#include <torch/headeronly/version.h>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/memory.hpp"
#include "models/folder_model.hpp"
#include "models/gguf_config.hpp"
#include "models/gguf_model.hpp"
#include "models/placement.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

namespace {

using namespace std::string_view_literals;

/// The ends of texts, turns and messages in the families, as llama.cpp knows them.
constexpr std::array end_names = {"</s>"sv,
                                  "<eos>"sv,
                                  "<EOT>"sv,
                                  "_<EOT>"sv,
                                  "\u2581<EOT>"sv,
                                  "[EOS]"sv,
                                  "[EOT]"sv,
                                  "<|eot_id|>"sv,
                                  "<|eom_id|>"sv,
                                  "<|im_end|>"sv,
                                  "<|end|>"sv,
                                  "<end_of_turn>"sv,
                                  "<|endoftext|>"sv,
                                  "<turn|>"sv,
                                  "<|end_of_text|>"sv,
                                  "<end_of_utterance>"sv,
                                  "<\uff5cend\u2581of\u2581sentence\uff5c>"sv};

}  // namespace

void add_stop_token(TokenId token, std::vector<TokenId>& tokens) {
  if (std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(token);
}

void read_stop_tokens(Fields& fields, std::vector<TokenId>& tokens) {
  const std::string key = "eos_token_id";
  if (!fields.has(key)) return;
  if (!fields.value(key).is_array()) return add_stop_token(fields.required<TokenId>(key), tokens);
  for (const TokenId token : fields.required<std::vector<TokenId>>(key)) {
    add_stop_token(token, tokens);
  }
}

void add_end_token(const Tokenizer& tokenizer, const std::string& place,
                   std::vector<TokenId>& tokens) {
  const std::optional<TokenId> end = tokenizer.end_token();
  if (!end || std::ranges::find(tokens, *end) != tokens.end()) return;
  if (!tokens.empty()) {
    spdlog::warn(
        "{}: the tokenizer's eos_token is the token {}, which is not among the "
        "eos_token_id of the configuration; answers end at each of them",
        place, *end);
  }
  tokens.push_back(*end);
}

std::vector<TokenId> gguf_stop_tokens(const GgufFile& file, std::int64_t vocabulary) {
  std::vector<TokenId> tokens;
  for (const char* key : {"eos_token_id", "eot_token_id", "eom_token_id"}) {
    const auto token = gguf_token(file, std::string("tokenizer.ggml.") + key, vocabulary);
    if (token) add_stop_token(*token, tokens);
  }
  const GgufMetadata& metadata = file.metadata();
  const auto pieces = metadata.optional<std::vector<std::string_view>>("tokenizer.ggml.tokens", {});
  const auto types = metadata.optional<std::vector<std::int64_t>>("tokenizer.ggml.token_type", {});
  const auto count = std::min({pieces.size(), types.size(), static_cast<std::size_t>(vocabulary)});
  for (std::size_t id = 0; id < count; ++id) {
    const bool is_control = types[id] == static_cast<std::int64_t>(TokenType::control);
    if (!is_control || std::ranges::find(end_names, pieces[id]) == end_names.end()) continue;
    add_stop_token(static_cast<TokenId>(id), tokens);
  }
  return tokens;
}

namespace {

// A tokenizer is read while the weights are.

/// A model of `checkpoint` that has its decoder and nothing else yet.
Model model_of(const DecoderConfig& config, const Checkpoint& checkpoint, Storage storage,
               const ModelOptions& options) {
  Fit fit = fit_model(config, storage, options, measure_rooms(options.devices));
  spdlog::info("{}: {} of weights in {}{}", checkpoint.path().filename().string(),
               human_bytes(fit.weights.total()), config.four_bit ? "4 bits and " : "",
               dtype_name(fit.dtype));
  Model model;
  model.decoder =
      std::make_unique<Decoder>(config, checkpoint, fit.dtype, std::move(fit.placement));
  model.stop_tokens = config.stop_tokens;
  return model;
}

Model load_folder(const std::filesystem::path& folder, const ModelOptions& options) {
  const FolderModel files(folder);
  auto tokenizer = std::async(std::launch::async, [&] { return load_tokenizer(folder); });
  Model model = model_of(files.config(), files, Storage::mapped, options);
  model.tokenizer = tokenizer.get();
  add_end_token(*model.tokenizer, folder.string(), model.stop_tokens);
  model.chat_template = read_chat_template(folder);
  model.fingerprint = sha256(files.fingerprint() + sha256_file(folder / "config.json"));
  return model;
}

Model load_gguf(const std::filesystem::path& file, const ModelOptions& options) {
  const GgufModel gguf(file);
  auto tokenizer = std::async(std::launch::async, [&] { return gguf.tokenizer(); });
  Model model = model_of(gguf.config(), gguf, Storage::packed, options);
  model.tokenizer = tokenizer.get();
  model.chat_template = gguf.chat_template();
  model.fingerprint = gguf.fingerprint();
  return model;
}

/// Takes chat format and stop tokens from what configs/models/ says of the model, after checking
/// that the weights are of that model.
void apply_manifest(const ModelManifest& manifest, Model& model) {
  const DecoderConfig& config = model.decoder->config();
  if (config.layers != manifest.layers || config.width != manifest.width ||
      config.parameters() != manifest.parameters) {
    throw FormatError({"[model] the weights are not those of " + manifest.name,
                       fmt::format("{} layers of width {}, {} parameters", manifest.layers,
                                   manifest.width, manifest.parameters),
                       fmt::format("{} layers of width {}, {} parameters", config.layers,
                                   config.width, config.parameters()),
                       ""});
  }
  model.chat = manifest.chat;
  model.chat_variables = manifest.chat_variables;
  for (const std::string& piece : manifest.stop) {
    const auto id = model.tokenizer->find(piece);
    if (!id) {
      throw FormatError("model", fmt::format("the tokenizer has no token '{}', which stops {}",
                                             piece, manifest.name));
    }
    add_stop_token(*id, model.stop_tokens);
  }
}

/// A token behind the embedding's last row, a <pad> that was added and never trained, say, does no
/// harm unless a text has it, which the engine refuses.
void tell_of_tokens_without_rows(const Model& model, const std::filesystem::path& path) {
  const std::int64_t rows = model.decoder->config().vocabulary;
  if (model.tokenizer->size() <= rows) return;
  spdlog::info(
      "{}: the tokenizer has ids up to {}, the embedding {} rows; texts with one of the ids "
      "behind them are refused",
      path.string(), model.tokenizer->size() - 1, rows);
}

}  // namespace

Model load_model(const std::string& name, const ModelLocation& location,
                 const ModelOptions& options) {
  Model model = with_memory_errors([&] {
    return std::filesystem::is_directory(location.path) ? load_folder(location.path, options)
                                                        : load_gguf(location.path, options);
  });
  model.name = name;
  tell_of_tokens_without_rows(model, location.path);
  if (location.manifest) apply_manifest(*location.manifest, model);
  return model;
}

std::string libtorch_version() { return TORCH_VERSION; }

}  // namespace austeer
