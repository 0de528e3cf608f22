// The sections of a tokenizer.json but the pre-tokenizer.
#include "text/tokenizer_json_parts.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <variant>

#include "base/utf8.hpp"
#include "text/tokenizer_config.hpp"

namespace austeer {

// The pre-tokenizer of a tokenizer.json: one rule per step.

namespace {

SplitBehaviour behaviour_of(const std::string& name, const std::string& place) {
  static const std::map<std::string, SplitBehaviour> behaviours{
      {"Removed", SplitBehaviour::removed},
      {"Isolated", SplitBehaviour::isolated},
      {"MergedWithPrevious", SplitBehaviour::merged_with_previous},
      {"MergedWithNext", SplitBehaviour::merged_with_next},
      {"Contiguous", SplitBehaviour::contiguous}};
  return look_up(behaviours, name, place, "split behavior");
}

SplitRule split_rule(Fields& fields, const std::string& place) {
  Regex pattern = pattern_of(fields, place);
  const auto behaviour = fields.required<std::string>("behavior");
  const bool invert = fields.optional<bool>("invert", false);
  return {std::move(pattern), behaviour_of(behaviour, place), invert};
}

SplitRule punctuation_rule(Fields& fields, const std::string& place) {
  const auto behaviour = fields.optional<std::string>("behavior", "Isolated");
  return {PunctuationMarks{}, behaviour_of(behaviour, place)};
}

SplitRule white_space_rule(Fields&, const std::string& place) {
  return {Regex(R"(\s)", place), SplitBehaviour::removed};
}

SplitRule digits_rule(Fields& fields, const std::string& place) {
  const bool individual = fields.optional<bool>("individual_digits", false);
  return {Regex(R"(\p{N})", place),
          individual ? SplitBehaviour::isolated : SplitBehaviour::contiguous};
}

SplitRule byte_level_rule(Fields& fields, const std::string& place) {
  const bool prefix_space = fields.optional<bool>("add_prefix_space", true);
  const bool use_regex = fields.optional<bool>("use_regex", true);
  fields.optional<bool>("trim_offsets", true);  // offsets are not computed here
  SplitRule rule{Regex(use_regex ? gpt2_pattern() : whole_text_pattern(), place)};
  if (prefix_space) {
    rule.prefix.assign(1, ' ');  // g++ 12 warns of overlap when a literal is assigned
    rule.prefix_place = PrefixPlace::each;
  }
  return rule;
}

SplitRule metaspace_rule(Fields& fields, const std::string& place) {
  static const std::map<std::string, PrefixPlace> places{
      {"always", PrefixPlace::each}, {"first", PrefixPlace::first}, {"never", PrefixPlace::none}};
  const auto mark = fields.required<std::string>("replacement");
  if (mark.empty() || code_point_at(mark, 0).length != mark.size()) {
    refuse_section(place, "the replacement of Metaspace is not one character");
  }
  const auto scheme = fields.optional<std::string>("prepend_scheme", "always");
  const bool split = fields.optional<bool>("split", true);
  // Left over from older versions of the format, which had no scheme.
  fields.optional<std::string>("str_rep", mark);
  if (!fields.optional<bool>("add_prefix_space", true) && scheme != "never") {
    refuse_section(place,
                   fmt::format("add_prefix_space is false, but prepend_scheme '{}'", scheme));
  }
  SplitRule rule{split ? Regex(Regex::escape(mark), place) : Regex(whole_text_pattern(), place),
                 split ? SplitBehaviour::merged_with_next : SplitBehaviour::isolated};
  rule.space_mark = mark;
  rule.prefix = mark;
  rule.prefix_place = look_up(places, scheme, place, "prepend scheme");
  return rule;
}

WordRule bert_rule(Fields&, const std::string&) { return BertWords{}; }

template <SplitRule (*read)(Fields&, const std::string&)>
WordRule word_rule(Fields& fields, const std::string& place) {
  return read(fields, place);
}

/// Tells the model whether words are bytes. Rules after a ByteLevel see its alphabet, as in the
/// `tokenizers` package, and the model gets the bytes back.
void end_rules(bool byte_level, bool is_last, const std::string& place, TokenizerParts& parts) {
  auto* bpe = std::get_if<BpeRules>(&parts.rules);
  if (byte_level && bpe == nullptr) {
    refuse_section(place, "ByteLevel is supported only with a BPE model");
  }
  if (bpe != nullptr) bpe->byte_level = byte_level;
  if (byte_level && !is_last) parts.word_rules.emplace_back(BytesOfLetters{});
}

}  // namespace

void read_pre_tokenizer(const Json& section, TokenizerParts& parts) {
  using Reader = WordRule (*)(Fields&, const std::string&);
  static const std::map<std::string, Reader> readers{
      {"Split", word_rule<split_rule>},
      {"Digits", word_rule<digits_rule>},
      {"Punctuation", word_rule<punctuation_rule>},
      {"WhitespaceSplit", word_rule<white_space_rule>},
      {"ByteLevel", word_rule<byte_level_rule>},
      {"Metaspace", word_rule<metaspace_rule>},
      {"BertPreTokenizer", bert_rule}};
  const std::string place = parts.place + ": pre_tokenizer";
  const std::vector<const Json*> steps = flatten(section, "pretokenizers", place);
  bool byte_level = false;
  for (const Json* step : steps) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    const Reader reader = look_up(readers, type, parts.place, "pre-tokenizer");
    const bool is_last = step == steps.back();
    if (type == "ByteLevel" && byte_level) refuse_section(place, "ByteLevel stands twice");
    if (type == "Metaspace" && steps.size() > 1 &&
        fields.optional<std::string>("prepend_scheme", "always") == "first") {
      refuse_section(place, "Metaspace among other steps is not supported with 'first'");
    }
    parts.word_rules.push_back(reader(fields, place));
    if (type == "ByteLevel") {
      byte_level = true;
      if (!is_last) parts.word_rules.emplace_back(ByteLetters{});
    }
    fields.refuse_unknown();
  }
  const bool ends_so = !steps.empty() && type_of(*steps.back(), place) == "ByteLevel";
  end_rules(byte_level, ends_so, place, parts);
}

// Steps, Sequences of steps, and patterns.

namespace {

constexpr std::size_t max_steps = 64;

}  // namespace

void refuse_section(const std::string& place, std::string_view what, std::string_view hint) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", std::string(hint)});
}

std::string type_of(const Json& step, const std::string& place) {
  return Fields(step, place).required<std::string>("type");
}

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
      if (steps.size() > max_steps)
        refuse_section(place, fmt::format("more than {} steps", max_steps));
      continue;
    }
    Fields fields(*step, place);
    fields.required<std::string>("type");
    const Json& list = fields.value(list_key);
    fields.refuse_unknown();
    if (!list.is_array()) refuse_section(place, fmt::format("'{}' is not a list", list_key));
    for (auto inner = list.rbegin(); inner != list.rend(); ++inner) waiting.push_back(&*inner);
  }
  return steps;
}

Regex pattern_of(Fields& fields, const std::string& place) {
  Fields pattern = fields.object("pattern");
  const bool is_regex = pattern.has("Regex");
  const auto text = pattern.required<std::string>(is_regex ? "Regex" : "String");
  pattern.refuse_unknown();
  return Regex(is_regex ? text : Regex::escape(text), place);
}

namespace {

constexpr std::size_t max_prefix_bytes = 64;

/// Where a TemplateProcessing's special tokens go: before its sequence A or after it.
void read_template(Fields& fields, const std::string& place, TokenizerParts& parts) {
  const Json& single = fields.value("single");
  Fields tokens = fields.object("special_tokens");
  std::vector<TokenId> prefix;
  std::vector<TokenId> suffix;
  bool seen_text = false;
  if (!single.is_array()) refuse_section(place, "'single' is not a list");
  for (const Json& item : single) {
    Fields element(item, place);
    if (element.has("Sequence")) {
      const auto id = element.object("Sequence").required<std::string>("id");
      if (id != "A" || seen_text)
        refuse_section(place, "'single' must have the sequence A once, and no other");
      seen_text = true;
    } else {
      const auto id = element.object("SpecialToken").required<std::string>("id");
      for (const TokenId token : tokens.object(id).required<std::vector<TokenId>>("ids")) {
        (seen_text ? suffix : prefix).push_back(token);
      }
    }
    element.refuse_unknown();
  }
  if (!seen_text) refuse_section(place, "'single' does not contain the sequence A");
  parts.prefix.insert(parts.prefix.begin(), prefix.begin(), prefix.end());
  parts.suffix.insert(parts.suffix.end(), suffix.begin(), suffix.end());
}

/// A BertProcessing or RobertaProcessing: a token before the text and one after it, each written as
/// [piece, id].
void read_cls_and_sep(Fields& fields, const std::string& place, TokenizerParts& parts) {
  const auto id = [&](const char* key) {
    const Json& token = fields.value(key);
    const bool is_pair = token.is_array() && token.size() == 2 && token[0].is_string() &&
                         token[1].is_number_unsigned() &&
                         token[1].get<std::uint64_t>() <= std::numeric_limits<TokenId>::max();
    if (!is_pair) refuse_section(place, fmt::format("'{}' is not [\"piece\", id]", key));
    return token[1].get<TokenId>();
  };
  parts.prefix.insert(parts.prefix.begin(), id("cls"));
  parts.suffix.push_back(id("sep"));
}

void read_byte_level(Fields& fields, const std::string&, PieceDecoder& decoder) {
  for (const char* option : {"add_prefix_space", "trim_offsets", "use_regex"}) {
    fields.optional<bool>(option, true);  // of the pre-tokenizer of that name
  }
  decoder.add_byte_level();
}

void read_byte_fallback(Fields&, const std::string&, PieceDecoder& decoder) {
  decoder.add_byte_fallback();
}

void read_fuse(Fields&, const std::string&, PieceDecoder& decoder) { decoder.add_fuse(); }

void read_replacement(Fields& fields, const std::string& place, PieceDecoder& decoder) {
  Regex pattern = pattern_of(fields, place);
  decoder.add_replacement(std::move(pattern), fields.required<std::string>("content"));
}

void read_word_piece(Fields& fields, const std::string&, PieceDecoder& decoder) {
  decoder.add_word_piece(fields.optional<std::string>("prefix", "##"),
                         fields.optional<bool>("cleanup", true));
}

void read_metaspace(Fields& fields, const std::string&, PieceDecoder& decoder) {
  const auto mark = fields.required<std::string>("replacement");
  const auto scheme = fields.optional<std::string>("prepend_scheme", "always");
  for (const char* option : {"add_prefix_space", "split"}) fields.optional<bool>(option, true);
  fields.optional<std::string>("str_rep", mark);
  decoder.add_metaspace(mark, scheme != "never");
}

/// Without `strip_accents`, accents go where upper case goes.
BertNormalization bert_normalization(Fields& fields) {
  BertNormalization options;
  options.clean_text = fields.optional<bool>("clean_text", true);
  options.space_chinese = fields.optional<bool>("handle_chinese_chars", true);
  options.lowercase = fields.optional<bool>("lowercase", true);
  options.strip_accents = fields.optional<bool>("strip_accents", options.lowercase);
  return options;
}

void read_strip(Fields& fields, const std::string& place, PieceDecoder& decoder) {
  const auto content = fields.required<std::string>("content");
  const auto start = fields.required<std::int64_t>("start");
  const auto stop = fields.optional<std::int64_t>("stop", 0);
  if (content.empty() || start < 0 || stop != 0) {
    refuse_section(place,
                   "Strip is supported with a content, a start of 0 or more and a stop of 0");
  }
  decoder.add_strip(content, static_cast<std::size_t>(start));
}

}  // namespace

void read_added_tokens(const Json& list, TokenizerParts& parts) {
  const std::string place = parts.place + ": added_tokens";
  if (list.is_null()) return;
  if (!list.is_array()) refuse_section(place, "not a list");
  for (const Json& entry : list) {
    Fields fields(entry, fmt::format("[tokenizer] {}, entry {}", place, parts.added.size()));
    const auto id = fields.required<TokenId>("id");
    parts.added.push_back(read_added_token(fields, id));
    fields.refuse_unknown();
  }
}

void read_normalizer(const Json& section, TokenizerParts& parts) {
  static const std::map<std::string, NormalForm> forms{{"NFC", NormalForm::nfc},
                                                       {"NFD", NormalForm::nfd},
                                                       {"NFKC", NormalForm::nfkc},
                                                       {"NFKD", NormalForm::nfkd}};
  const std::string place = parts.place + ": normalizer";
  for (const Json* step : flatten(section, "normalizers", place)) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    if (type == "Replace") {
      Regex pattern = pattern_of(fields, place);
      parts.normalizer.add_replacement(std::move(pattern), fields.required<std::string>("content"));
    } else if (type == "Prepend") {
      const auto prefix = fields.required<std::string>("prepend");
      if (prefix.size() > max_prefix_bytes) refuse_section(place, "the prefix is too long");
      parts.normalizer.add_prefix(prefix);
    } else if (type == "Precompiled") {
      const auto table = fields.required<std::string>("precompiled_charsmap");
      parts.normalizer.add_charsmap(Charsmap(table, place));
    } else if (type == "BertNormalizer") {
      parts.normalizer.add_bert(bert_normalization(fields));
    } else {
      parts.normalizer.add_form(look_up(forms, type, parts.place, "normalizer"));
    }
    fields.refuse_unknown();
  }
}

void read_post_processor(const Json& section, TokenizerParts& parts) {
  const std::string place = parts.place + ": post_processor";
  for (const Json* step : flatten(section, "processors", place)) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    if (type == "TemplateProcessing") {
      read_template(fields, place, parts);
    } else if (type == "BertProcessing" || type == "RobertaProcessing") {
      read_cls_and_sep(fields, place, parts);
    } else if (type != "ByteLevel") {  // which only moves offsets
      refuse_section(parts.place, fmt::format("the post-processor '{}' is not supported", type));
    }
  }
}

void read_decoder(const Json& section, TokenizerParts& parts) {
  using Reader = void (*)(Fields&, const std::string&, PieceDecoder&);
  static const std::map<std::string, Reader> readers{{"ByteLevel", read_byte_level},
                                                     {"ByteFallback", read_byte_fallback},
                                                     {"Fuse", read_fuse},
                                                     {"Replace", read_replacement},
                                                     {"Strip", read_strip},
                                                     {"Metaspace", read_metaspace},
                                                     {"WordPiece", read_word_piece}};
  const std::string place = parts.place + ": decoder";
  const std::vector<const Json*> steps = flatten(section, "decoders", place);
  bool byte_level = false;
  for (const Json* step : steps) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    byte_level |= type == "ByteLevel";
    look_up(readers, type, parts.place, "decoder")(fields, place, parts.decoder);
    fields.refuse_unknown();
  }
  const auto* bpe = std::get_if<BpeRules>(&parts.rules);
  const bool byte_level_model = bpe != nullptr && bpe->byte_level;
  if (byte_level_model && (!byte_level || steps.size() > 1)) {
    refuse_section(place, "byte-level BPE needs exactly one, ByteLevel");
  }
  if (!byte_level_model && byte_level) {
    refuse_section(place, "ByteLevel undoes a pre-tokenizer ByteLevel, which is not there");
  }
  if (steps.empty()) refuse_section(place, "there is none");
}

void read_tokenizer_parts(const Json& document, TokenizerParts& parts) {
  static const std::vector<std::string> known{"version",        "truncation", "padding",
                                              "added_tokens",   "normalizer", "pre_tokenizer",
                                              "post_processor", "decoder"};
  for (const auto& [key, value] : document.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      refuse_section(parts.place, fmt::format("unknown key '{}'", key), suggestion(key, known));
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
