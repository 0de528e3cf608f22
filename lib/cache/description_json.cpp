// A description as JSON, there and back, and where two of them differ.
#include <fmt/format.h>

#include "cache/description.hpp"

namespace austeer {
namespace {

Json to_json(const CachedSite& site) {
  return {{"name", site.name},           {"layers", site.layers}, {"width", site.width},
          {"positions", site.positions}, {"group", site.group},   {"only", site.only}};
}

CachedSite site_from_json(const Json& element, const std::string& place) {
  Fields fields(element, place);
  CachedSite site;
  site.name = fields.required<std::string>("name");
  site.layers = fields.required<std::int64_t>("layers");
  site.width = fields.required<std::int64_t>("width");
  site.positions = fields.required<std::string>("positions");
  site.group = fields.required<std::int64_t>("group");
  site.only = fields.required<std::vector<std::int64_t>>("only");
  fields.refuse_unknown();
  return site;
}

std::map<std::string, std::string> texts_from_json(const Json& json, const std::string& place) {
  Fields fields(json, place);
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : json.items()) {
    texts[name] = fields.required<std::string>(name);
  }
  return texts;
}

AnswerTokens answer_tokens_from_json(Fields fields) {
  AnswerTokens tokens;
  tokens.positive = fields.required<std::vector<std::int64_t>>("positive");
  tokens.negative = fields.required<std::vector<std::int64_t>>("negative");
  fields.refuse_unknown();
  return tokens;
}

VoidPairs void_pairs_from_json(Fields fields) {
  VoidPairs pairs;
  pairs.cut = fields.required<std::vector<std::int64_t>>("cut");
  pairs.equal = fields.required<std::vector<std::int64_t>>("equal");
  pairs.shortened = fields.required<std::vector<std::int64_t>>("shortened");
  pairs.are_dropped = fields.required<bool>("dropped");
  fields.refuse_unknown();
  return pairs;
}

std::string differ(const std::string& field, const Json& here, const Json& there) {
  return fmt::format("{} (here {}, there {})", field, to_text(here), to_text(there));
}

/// Two lists with an entry per pair: the first entry that differs, or their lengths.
std::string differ_in_lists(const std::string& field, const Json& here, const Json& there) {
  if (here.size() != there.size()) {
    return differ(fmt::format("'{}', number of entries", field), here.size(), there.size());
  }
  std::size_t pair = 0;
  while (here[pair] == there[pair]) ++pair;
  return differ(fmt::format("'{}' of pair {}", field, pair), here[pair], there[pair]);
}

std::optional<std::string> difference_of_fingerprints(const CacheDescription& here,
                                                      const CacheDescription& there) {
  std::map<std::string, std::string> all = here.fingerprints;
  all.insert(there.fingerprints.begin(), there.fingerprints.end());
  for (const auto& [name, unused] : all) {
    const auto value = [&name = name](const CacheDescription& one) {
      const auto found = one.fingerprints.find(name);
      return found == one.fingerprints.end() ? Json(nullptr) : Json(found->second);
    };
    if (value(here) != value(there)) {
      return differ(fmt::format("fingerprint '{}'", name), value(here), value(there));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> difference(const CacheDescription& here, const CacheDescription& there) {
  if (auto found = difference_of_fingerprints(here, there)) return found;
  const Json a = to_json(here);
  const Json b = to_json(there);
  for (const char* field : {"sites", "dtype", "pairs", "pairs_per_shard"}) {
    if (a.at(field) != b.at(field)) {
      return differ(fmt::format("'{}'", field), a.at(field), b.at(field));
    }
  }
  if (here.answer_classes != there.answer_classes) {
    return differ_in_lists("answer_classes", a.at("answer_classes"), b.at("answer_classes"));
  }
  for (const char* side : {"positive", "negative"}) {
    const Json& tokens = a.at("answer_tokens").at(side);
    const Json& others = b.at("answer_tokens").at(side);
    if (tokens != others) {
      return differ_in_lists(fmt::format("answer_tokens.{}", side), tokens, others);
    }
  }
  return std::nullopt;
}

std::optional<std::string> difference_of_parts(const CacheDescription& here,
                                               const CacheDescription& there) {
  CacheDescription a = here;
  CacheDescription b = there;
  b.sites = a.sites;
  b.pairs_per_shard = a.pairs_per_shard;
  const AnswerTokens none;
  if (a.answer_tokens == none || b.answer_tokens == none) a.answer_tokens = b.answer_tokens = none;
  return difference(a, b);
}

Json to_json(const CacheDescription& description) {
  Json sites = Json::array();
  for (const CachedSite& site : description.sites) sites.push_back(to_json(site));
  Json json = {{"fingerprints", Json(description.fingerprints)},
               {"names", Json(description.names)},
               {"sites", sites},
               {"dtype", cache_dtype_name(description.dtype)},
               {"pairs", description.pairs},
               {"pairs_per_shard", description.pairs_per_shard},
               {"answer_classes", description.answer_classes},
               {"answer_tokens",
                {{"positive", description.answer_tokens.positive},
                 {"negative", description.answer_tokens.negative}}}};
  if (description.void_pairs.empty()) return json;
  json["void_pairs"] = {{"cut", description.void_pairs.cut},
                        {"equal", description.void_pairs.equal},
                        {"shortened", description.void_pairs.shortened},
                        {"dropped", description.void_pairs.are_dropped}};
  return json;
}

CacheDescription description_from_json(Fields& fields) {
  CacheDescription result;
  result.fingerprints =
      texts_from_json(fields.value("fingerprints"), fields.place() + ": fingerprints");
  if (fields.has("names")) {
    result.names = texts_from_json(fields.value("names"), fields.place() + ": names");
  }
  const Json& sites = fields.value("sites");
  if (!sites.is_array()) {
    throw FormatError({fields.place() + ": sites", "a list", sites.type_name(), ""});
  }
  for (const Json& element : sites) {
    result.sites.push_back(site_from_json(element, fields.place() + ": sites"));
  }
  result.dtype = parse_cache_dtype(fields.required<std::string>("dtype"), fields.place());
  result.pairs = fields.required<std::int64_t>("pairs");
  result.pairs_per_shard = fields.required<std::int64_t>("pairs_per_shard");
  result.answer_classes = fields.required<std::vector<std::string>>("answer_classes");
  result.answer_tokens = answer_tokens_from_json(fields.object("answer_tokens"));
  if (fields.has("void_pairs")) {
    result.void_pairs = void_pairs_from_json(fields.object("void_pairs"));
  }
  if (const auto wrong = flaw(result)) {
    throw FormatError({fmt::format("{}: {}", fields.place(), *wrong), "", "", ""});
  }
  return result;
}

}  // namespace austeer
