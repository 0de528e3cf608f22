// The pre-tokenizer of a tokenizer.json: one rule per step.
#include <map>
#include <variant>

#include "base/utf8.hpp"
#include "text/tokenizer_json_parts.hpp"

namespace austeer {
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

}  // namespace austeer
