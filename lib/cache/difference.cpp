// Where two descriptions differ.
#include <fmt/format.h>

#include "cache/description.hpp"

namespace austeer {
namespace {

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
  const Json a = settings_json(here);
  const Json b = settings_json(there);
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

}  // namespace austeer
