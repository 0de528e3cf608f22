#pragma once
// The sections of a tokenizer.json around its model: added tokens, normalizer, pre-tokenizer,
// post-processor and decoder.

#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/names.hpp"
#include "text/composed_tokenizer.hpp"

namespace austeer {

// What the readers of a tokenizer.json's sections share. A section is one step (an object with a
// "type"), or a Sequence of steps.

/// Throws the FormatError "[tokenizer] PLACE: WHAT".
[[noreturn]] void refuse_section(const std::string& place, std::string_view what,
                                 std::string_view hint = {});

/// The entry `name` of a table with string keys; otherwise refuses "the WHAT 'NAME'", with the
/// nearest known name.
template <typename Table>
const auto& look_up(const Table& table, const std::string& name, const std::string& place,
                    std::string_view what) {
  const auto found = table.find(name);
  if (found != table.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [key, value] : table) known.push_back(key);
  refuse_section(place, fmt::format("the {} '{}' is not supported", what, name),
                 suggestion(name, known));
}

/// The steps of a section in order: the section itself, or those in a Sequence under `list_key`, to
/// any depth; none for null.
std::vector<const Json*> flatten(const Json& section, const char* list_key,
                                 const std::string& place);

/// The key "type" of a step.
std::string type_of(const Json& step, const std::string& place);

/// The key "pattern" of a step: {"String": …} or {"Regex": …}.
Regex pattern_of(Fields& fields, const std::string& place);

/// The sections, read one by one. Each throws FormatError, opened by `parts.place`, for
/// anything unknown or not supported. The model is read before them, and the pre-tokenizer, which
/// says whether a BPE model is byte-level, before the decoder.
void read_model(const nlohmann::json& model, TokenizerParts& parts);
void read_added_tokens(const Json& section, TokenizerParts& parts);
void read_normalizer(const Json& section, TokenizerParts& parts);
void read_pre_tokenizer(const Json& section, TokenizerParts& parts);
void read_post_processor(const Json& section, TokenizerParts& parts);
void read_decoder(const Json& section, TokenizerParts& parts);

/// Reads all top-level keys but `model` into `parts`. Throws FormatError, opened by `parts.place`,
/// for anything unknown or not supported.
void read_tokenizer_parts(const Json& document, TokenizerParts& parts);

}  // namespace austeer
