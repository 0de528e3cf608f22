// One function per section; "Sequence" sections are flattened first.
#include "text/tokenizer_json_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/suggest.hpp"

namespace austeer {
namespace {

constexpr std::size_t max_steps = 64;

[[noreturn]] void refuse(const std::string& place, std::string_view what,
                         std::string_view hint = {}) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", std::string(hint)});
}

template <typename Table>
const auto& look_up(const Table& table, const std::string& name, const std::string& place,
                    std::string_view what) {
  const auto found = table.find(name);
  if (found != table.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [key, value] : table) known.push_back(key);
  refuse(place, fmt::format("the {} '{}' is not supported", what, name), suggestion(name, known));
}

std::string type_of(const Json& step, const std::string& place) {
  return Fields(step, place).required<std::string>("type");
}

/// The steps of a section in order: the section itself, or those in a Sequence, to any depth.
std::vector<const Json*> flatten(const Json& section, const char* list_key,
                                 const std::string& place) {
  std::vector<const Json*> steps;
  std::vector<const Json*> waiting{&section};
  while (!waiting.empty()) {
    const Json* step = waiting.back();
    waiting.pop_back();
    if (step->is_null()) continue;
    if (type_of(*step, place) != "Sequence") {
      steps.push_back(step);
      if (steps.size() > max_steps) refuse(place, fmt::format("more than {} steps", max_steps));
      continue;
    }
    Fields fields(*step, place);
    fields.required<std::string>("type");
    const Json& list = fields.value(list_key);
    fields.refuse_unknown();
    if (!list.is_array()) refuse(place, fmt::format("'{}' is not a list", list_key));
    for (auto inner = list.rbegin(); inner != list.rend(); ++inner) waiting.push_back(&*inner);
  }
  return steps;
}

void read_added_tokens(const Json& list, BpeParts& parts) {
  const std::string place = parts.place + ": added_tokens";
  if (list.is_null()) return;
  if (!list.is_array()) refuse(place, "not a list");
  for (const Json& entry : list) {
    Fields fields(entry, fmt::format("[tokenizer] {}, entry {}", place, parts.added.size()));
    AddedToken token;
    token.id = fields.required<TokenId>("id");
    token.content = fields.required<std::string>("content");
    token.special = fields.optional<bool>("special", false);
    token.single_word = fields.optional<bool>("single_word", false);
    token.lstrip = fields.optional<bool>("lstrip", false);
    token.rstrip = fields.optional<bool>("rstrip", false);
    token.normalized = fields.optional<bool>("normalized", !token.special);
    fields.refuse_unknown();
    parts.added.push_back(std::move(token));
  }
}

void read_normalizer(const Json& section, BpeParts& parts) {
  static const std::map<std::string, NormalForm> forms{{"NFC", NormalForm::nfc},
                                                       {"NFD", NormalForm::nfd},
                                                       {"NFKC", NormalForm::nfkc},
                                                       {"NFKD", NormalForm::nfkd}};
  const std::string place = parts.place + ": normalizer";
  for (const Json* step : flatten(section, "normalizers", place)) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    parts.normal_forms.push_back(look_up(forms, type, parts.place, "normalizer"));
    fields.refuse_unknown();
  }
}

SplitRule split_rule(Fields& fields, const std::string& place) {
  static const std::map<std::string, SplitBehaviour> behaviours{
      {"Removed", SplitBehaviour::removed},
      {"Isolated", SplitBehaviour::isolated},
      {"MergedWithPrevious", SplitBehaviour::merged_with_previous},
      {"MergedWithNext", SplitBehaviour::merged_with_next},
      {"Contiguous", SplitBehaviour::contiguous}};
  Fields pattern = fields.object("pattern");
  const bool is_regex = pattern.has("Regex");
  const auto text = pattern.required<std::string>(is_regex ? "Regex" : "String");
  pattern.refuse_unknown();
  const auto behaviour = fields.required<std::string>("behavior");
  const bool invert = fields.optional<bool>("invert", false);
  return {Regex(is_regex ? text : Regex::escape(text), place),
          look_up(behaviours, behaviour, place, "split behavior"), invert, false};
}

SplitRule digits_rule(Fields& fields, const std::string& place) {
  const bool individual = fields.optional<bool>("individual_digits", false);
  return {Regex(R"(\p{N})", place),
          individual ? SplitBehaviour::isolated : SplitBehaviour::contiguous, false, false};
}

SplitRule byte_level_rule(Fields& fields, const std::string& place) {
  const bool prefix_space = fields.optional<bool>("add_prefix_space", true);
  const bool use_regex = fields.optional<bool>("use_regex", true);
  fields.optional<bool>("trim_offsets", true);  // offsets are not computed here
  return {Regex(use_regex ? gpt2_pattern() : R"(\p{Any}+)", place), SplitBehaviour::isolated, false,
          prefix_space};
}

void read_pre_tokenizer(const Json& section, BpeParts& parts) {
  using Reader = SplitRule (*)(Fields&, const std::string&);
  static const std::map<std::string, Reader> readers{
      {"Split", split_rule}, {"Digits", digits_rule}, {"ByteLevel", byte_level_rule}};
  const std::string place = parts.place + ": pre_tokenizer";
  const std::vector<const Json*> steps = flatten(section, "pretokenizers", place);
  for (const Json* step : steps) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    if ((type == "ByteLevel") != (step == steps.back()) && readers.contains(type)) {
      refuse(place, "the last step, and no other, must be ByteLevel");
    }
    const Reader reader = look_up(readers, type, parts.place, "pre-tokenizer");
    parts.split_rules.push_back(reader(fields, place));
    fields.refuse_unknown();
  }
  if (steps.empty()) refuse(place, "there is none; byte-level BPE needs ByteLevel");
}

/// Where a TemplateProcessing's special tokens go: before its sequence A or after it.
void read_template(Fields& fields, const std::string& place, BpeParts& parts) {
  const Json& single = fields.value("single");
  Fields tokens = fields.object("special_tokens");
  std::vector<TokenId> prefix;
  std::vector<TokenId> suffix;
  bool seen_text = false;
  if (!single.is_array()) refuse(place, "'single' is not a list");
  for (const Json& item : single) {
    Fields element(item, place);
    if (element.has("Sequence")) {
      const auto id = element.object("Sequence").required<std::string>("id");
      if (id != "A" || seen_text)
        refuse(place, "'single' must have the sequence A once, and no other");
      seen_text = true;
    } else {
      const auto id = element.object("SpecialToken").required<std::string>("id");
      for (const TokenId token : tokens.object(id).required<std::vector<TokenId>>("ids")) {
        (seen_text ? suffix : prefix).push_back(token);
      }
    }
    element.refuse_unknown();
  }
  if (!seen_text) refuse(place, "'single' does not contain the sequence A");
  parts.prefix.insert(parts.prefix.begin(), prefix.begin(), prefix.end());
  parts.suffix.insert(parts.suffix.end(), suffix.begin(), suffix.end());
}

void read_post_processor(const Json& section, BpeParts& parts) {
  const std::string place = parts.place + ": post_processor";
  for (const Json* step : flatten(section, "processors", place)) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    if (type == "TemplateProcessing") {
      read_template(fields, place, parts);
    } else if (type != "ByteLevel") {  // which only moves offsets
      refuse(parts.place, fmt::format("the post-processor '{}' is not supported", type));
    }
  }
}

void read_decoder(const Json& section, const BpeParts& parts) {
  const std::string place = parts.place + ": decoder";
  const std::vector<const Json*> steps = flatten(section, "decoders", place);
  for (const Json* step : steps) {
    const std::string type = type_of(*step, place);
    if (type != "ByteLevel") {
      refuse(parts.place, fmt::format("the decoder '{}' is not supported", type));
    }
  }
  if (steps.size() != 1) refuse(place, "byte-level BPE needs exactly one, ByteLevel");
}

}  // namespace

void read_tokenizer_parts(const Json& document, BpeParts& parts) {
  static const std::vector<std::string> known{"version",        "truncation", "padding",
                                              "added_tokens",   "normalizer", "pre_tokenizer",
                                              "post_processor", "decoder"};
  for (const auto& [key, value] : document.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      refuse(parts.place, fmt::format("unknown key '{}'", key), suggestion(key, known));
    }
  }
  const auto section = [&](const char* key) {
    const auto found = document.find(key);
    return found == document.end() ? Json() : *found;
  };
  read_added_tokens(section("added_tokens"), parts);
  read_normalizer(section("normalizer"), parts);
  read_pre_tokenizer(section("pre_tokenizer"), parts);
  read_post_processor(section("post_processor"), parts);
  read_decoder(section("decoder"), parts);
}

}  // namespace austeer
