// The pre-tokenizer of a tokenizer.json: one rule per step.
#include <map>
#include <variant>

#include "base/utf8.hpp"
#include "text/tokenizer_json_sections.hpp"

namespace austeer {
namespace {

SplitRule split_rule(Fields& fields, const std::string& place) {
  static const std::map<std::string, SplitBehaviour> behaviours{
      {"Removed", SplitBehaviour::removed},
      {"Isolated", SplitBehaviour::isolated},
      {"MergedWithPrevious", SplitBehaviour::merged_with_previous},
      {"MergedWithNext", SplitBehaviour::merged_with_next},
      {"Contiguous", SplitBehaviour::contiguous}};
  Regex pattern = pattern_of(fields, place);
  const auto behaviour = fields.required<std::string>("behavior");
  const bool invert = fields.optional<bool>("invert", false);
  return {std::move(pattern), look_up(behaviours, behaviour, place, "split behavior"), invert};
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

/// Whether the words are byte-level, which the model has to know.
void tell_model(bool byte_level, const std::string& place, TokenizerParts& parts) {
  if (auto* bpe = std::get_if<BpeRules>(&parts.rules)) {
    bpe->byte_level = byte_level;
  } else if (byte_level) {
    refuse_section(place, "ByteLevel is supported only with a BPE model");
  }
}

}  // namespace

void read_pre_tokenizer(const Json& section, TokenizerParts& parts) {
  using Reader = WordRule (*)(Fields&, const std::string&);
  static const std::map<std::string, Reader> readers{{"Split", word_rule<split_rule>},
                                                     {"Digits", word_rule<digits_rule>},
                                                     {"ByteLevel", word_rule<byte_level_rule>},
                                                     {"Metaspace", word_rule<metaspace_rule>},
                                                     {"BertPreTokenizer", bert_rule}};
  const std::string place = parts.place + ": pre_tokenizer";
  const std::vector<const Json*> steps = flatten(section, "pretokenizers", place);
  for (const Json* step : steps) {
    Fields fields(*step, "[tokenizer] " + place);
    const auto type = fields.required<std::string>("type");
    const Reader reader = look_up(readers, type, parts.place, "pre-tokenizer");
    if (type == "ByteLevel" && step != steps.back()) {
      refuse_section(place, "ByteLevel must be the last step");
    }
    if (type == "Metaspace" && steps.size() > 1) {
      refuse_section(place, "Metaspace is supported only where it is the only step");
    }
    parts.word_rules.push_back(reader(fields, place));
    fields.refuse_unknown();
  }
  tell_model(!steps.empty() && type_of(*steps.back(), place) == "ByteLevel", place, parts);
}

}  // namespace austeer
