// One function per kind of vocabulary fills in the neutral form that lib/text makes a tokenizer of.
// What a missing key means is said in the specification of GGUF, or else by what llama.cpp does.
#include "models/gguf_tokenizer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <spdlog/spdlog.h>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "text/bpe.hpp"
#include "text/pre_tokenizer.hpp"
#include "text/sentencepiece_vocabulary.hpp"

namespace austeer {
namespace {

using Maker = std::unique_ptr<Tokenizer> (*)(const GgufFile&);

std::string key_of(std::string_view name) { return fmt::format("tokenizer.ggml.{}", name); }

[[noreturn]] void refuse(const GgufFile& file, const std::string& key, std::string expected,
                         std::int64_t found) {
  throw FormatError(
      {fmt::format("[gguf] {}: the metadata key '{}' has a wrong value", file.path().string(), key),
       std::move(expected), std::to_string(found), ""});
}

std::vector<std::int32_t> narrow_types(const GgufFile& file,
                                       const std::vector<std::int64_t>& numbers) {
  std::vector<std::int32_t> types;
  types.reserve(numbers.size());
  for (const std::int64_t number : numbers) {
    if (!std::in_range<std::int32_t>(number)) {
      refuse(file, key_of("token_type"), "numbers of 32 bits", number);
    }
    types.push_back(static_cast<std::int32_t>(number));
  }
  return types;
}

/// The fields that both kinds of vocabulary have; the values that they hold before are the defaults
/// of the kind.
template <typename Vocabulary>
void read_common(const GgufFile& file, Vocabulary& vocabulary) {
  const GgufMetadata& metadata = file.metadata();
  vocabulary.place = file.path().string();
  vocabulary.tokens = metadata.required<std::vector<std::string>>(key_of("tokens"));
  const auto count = static_cast<std::int64_t>(vocabulary.tokens.size());
  vocabulary.bos = gguf_token(file, key_of("bos_token_id"), count);
  vocabulary.eos = gguf_token(file, key_of("eos_token_id"), count);
  vocabulary.add_bos = metadata.optional(key_of("add_bos_token"), vocabulary.add_bos);
  vocabulary.add_eos = metadata.optional(key_of("add_eos_token"), vocabulary.add_eos);
}

std::unique_ptr<Tokenizer> make_byte_level(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  BpeVocabulary vocabulary;
  vocabulary.pre_tokenizer = metadata.optional<std::string>(key_of("pre"), "gpt-2");
  if (!metadata.has(key_of("pre")) || vocabulary.pre_tokenizer == "default") {
    spdlog::warn(
        "{}: the metadata name no pre-tokenizer at '{}', so that texts are cut as GPT-2 cuts "
        "them, which may not be how the model was trained; a newer file of it says how",
        file.path().string(), key_of("pre"));
  }
  vocabulary.add_bos = adds_bos(vocabulary.pre_tokenizer);
  read_common(file, vocabulary);
  vocabulary.types =
      narrow_types(file, metadata.optional<std::vector<std::int64_t>>(key_of("token_type"), {}));
  for (const std::string_view merge :
       metadata.required<std::vector<std::string_view>>(key_of("merges"))) {
    vocabulary.merges.push_back(split_merge(merge, vocabulary.place));
  }
  return make_tokenizer(vocabulary);
}

std::unique_ptr<Tokenizer> make_sentencepiece(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  SentencePieceVocabulary vocabulary;
  read_common(file, vocabulary);
  vocabulary.scores = metadata.required<std::vector<double>>(key_of("scores"));
  vocabulary.types =
      narrow_types(file, metadata.required<std::vector<std::int64_t>>(key_of("token_type")));
  vocabulary.unknown = gguf_token(file, key_of("unknown_token_id"),
                                  static_cast<std::int64_t>(vocabulary.tokens.size()));
  vocabulary.add_space_prefix =
      metadata.optional(key_of("add_space_prefix"), vocabulary.add_space_prefix);
  return make_tokenizer(vocabulary);
}

/// By `tokenizer.ggml.model`.
const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> table{{"gpt2", &make_byte_level},
                                                  {"llama", &make_sentencepiece}};
  return table;
}

}  // namespace

std::optional<TokenId> gguf_token(const GgufFile& file, const std::string& key,
                                  std::int64_t count) {
  if (!file.metadata().has(key)) return std::nullopt;
  const auto id = file.metadata().required<std::int64_t>(key);
  if (id < 0 || id >= count || !std::in_range<TokenId>(id)) {
    refuse(file, key, fmt::format("a token, 0 to {}", count - 1), id);
  }
  return static_cast<TokenId>(id);
}

std::unique_ptr<Tokenizer> make_gguf_tokenizer(const GgufFile& file) {
  const auto kind = file.metadata().required<std::string>(key_of("model"));
  const auto maker = makers().find(kind);
  if (maker != makers().end()) return maker->second(file);
  std::vector<std::string> kinds;
  for (const auto& [name, entry] : makers()) kinds.push_back(name);
  throw FormatError(
      {fmt::format("{}: the kind of tokenizer is not supported", file.path().string()),
       fmt::format("{}", fmt::join(kinds, " or ")), kind,
       "Use the model's Hugging Face folder instead"});
}

}  // namespace austeer
