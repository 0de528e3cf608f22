// Sizes of a description, its key, and what can be wrong with it.
#include "cache/description.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <iterator>
#include <set>

#include "base/hash.hpp"
#include "base/names.hpp"
#include "tensors/dtypes.hpp"

namespace austeer {

namespace {

constexpr std::array required_fingerprints = {"model", "tokenizer", "task", "template", "pairs"};

// Far above any model and any text, and small enough that no product of them overflows.
constexpr std::int64_t max_layers = 1 << 14;
constexpr std::int64_t max_width = 1 << 20;
constexpr std::int64_t max_pairs = 1 << 26;
constexpr std::int64_t max_answer = 1 << 24;
constexpr double max_bytes = 0x1p60;

bool within(std::int64_t value, std::int64_t limit) { return value >= 1 && value <= limit; }

/// A site's name becomes part of tensor names.
bool is_site_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), plain);
}

std::string dtype_refusal(at::ScalarType dtype) {
  return fmt::format("activations of type {} cannot be cached, only float32, bfloat16 and float16",
                     c10::toString(dtype));
}

std::int64_t sum_of(const std::vector<std::int64_t>& tokens, std::int64_t first,
                    std::int64_t count) {
  std::int64_t sum = 0;
  for (std::int64_t i = first; i < first + count; ++i)
    sum += tokens.at(static_cast<std::size_t>(i));
  return sum;
}

std::optional<std::string> flaw(const CachedSite& site) {
  if (!is_site_name(site.name)) return fmt::format("'{}' cannot name a site", site.name);
  if (!within(site.layers, max_layers) || !within(site.width, max_width)) {
    return fmt::format("the site '{}' has an impossible size ({} layers, width {})", site.key(),
                       site.layers, site.width);
  }
  if (!within(site.group, site.width) || site.width % site.group != 0) {
    return fmt::format("the site '{}' has groups of {} dims, which do not divide its width {}",
                       site.key(), site.group, site.width);
  }
  const auto not_ascending = std::ranges::adjacent_find(site.only, std::greater_equal{});
  if (not_ascending != site.only.end() ||
      (!site.only.empty() && (site.only.front() < 0 || site.only.back() >= site.layers))) {
    return fmt::format("the site '{}' keeps impossible layers [{}] of {}", site.key(),
                       fmt::join(site.only, ", "), site.layers);
  }
  return std::nullopt;
}

std::optional<std::string> flaw_of_sites(const std::vector<CachedSite>& sites) {
  if (sites.empty()) return "it has no sites";
  std::set<std::string> keys;
  for (const CachedSite& site : sites) {
    if (const auto wrong = flaw(site)) return wrong;
    if (!keys.insert(site.key()).second) {
      return fmt::format("the site '{}' stands twice", site.key());
    }
  }
  return std::nullopt;
}

std::optional<std::string> flaw_of_answers(const CacheDescription& description) {
  const auto& [positive, negative] = description.answer_tokens;
  if (std::ranges::none_of(description.sites, &CachedSite::reads_answers)) {
    if (positive.empty() && negative.empty()) return std::nullopt;
    return "it counts the answers' tokens, yet none of its sites reads answers";
  }
  for (const auto& [tokens, side] :
       {std::pair{&positive, "positive"}, std::pair{&negative, "negative"}}) {
    const auto count = static_cast<std::int64_t>(tokens->size());
    if (count != description.pairs) {
      return fmt::format("the tokens of {} {} answers are counted, for {} pairs", count, side,
                         description.pairs);
    }
    const auto wrong = std::ranges::find_if_not(
        *tokens, [](std::int64_t length) { return within(length, max_answer); });
    if (wrong != tokens->end()) {
      return fmt::format("the {} answer of pair {} has an impossible number of tokens ({})", side,
                         wrong - tokens->begin(), *wrong);
    }
  }
  return std::nullopt;
}

std::optional<std::string> flaw_of_void_pairs(const CacheDescription& description) {
  const VoidPairs& pairs = description.void_pairs;
  const std::int64_t dropped = pairs.are_dropped ? std::ssize(pairs.all()) : 0;
  for (const auto* list : {&pairs.cut, &pairs.equal, &pairs.shortened}) {
    const bool ascend = std::ranges::adjacent_find(*list, std::greater_equal{}) == list->end();
    const bool are_pairs =
        list->empty() || (list->front() >= 0 && list->back() < description.pairs + dropped);
    if (!ascend || !are_pairs) return "its void pairs are not places of pairs, in order";
  }
  return std::nullopt;
}

/// Bytes of the whole cache, without the overflow that a lying manifest could cause.
double rough_bytes(const CacheDescription& description) {
  double bytes = 0;
  for (const CachedSite& site : description.sites) {
    const SiteRows rows = description.rows(site, 0, description.pairs);
    bytes += (static_cast<double>(rows.positive) + static_cast<double>(rows.negative)) *
             static_cast<double>(site.kept()) * static_cast<double>(site.width) *
             static_cast<double>(elementSize(description.dtype));
  }
  return bytes;
}

}  // namespace

std::string CachedSite::key() const { return name_of_reading(name, positions); }

std::int64_t CachedSite::kept() const {
  return only.empty() ? layers : static_cast<std::int64_t>(only.size());
}

std::int64_t CachedSite::layer(std::int64_t kept_layer) const {
  return only.empty() ? kept_layer : only.at(static_cast<std::size_t>(kept_layer));
}

bool CachedSite::reads_answers() const { return positions != ReadPositions::last; }

bool CachedSite::has_token_rows() const { return positions == ReadPositions::answer_all; }

std::vector<std::int64_t> VoidPairs::all() const {
  std::vector<std::int64_t> both;
  std::ranges::set_union(cut, equal, std::back_inserter(both));
  return both;
}

Json void_pairs_summary(const VoidPairs& pairs) {
  return {{"cut", pairs.cut.size()},
          {"equal", pairs.equal.size()},
          {"shortened", pairs.shortened.size()},
          {"dropped", pairs.are_dropped}};
}

std::string CacheDescription::key() const {
  return sha256("austeer activation cache 3\n" + to_text(identity_json(*this)));
}

std::int64_t CacheDescription::shards() const {
  return (pairs + pairs_per_shard - 1) / pairs_per_shard;
}

std::int64_t CacheDescription::pairs_in_shard(std::int64_t index) const {
  return std::min(pairs_per_shard, pairs - index * pairs_per_shard);
}

SiteRows CacheDescription::rows(const CachedSite& site, std::int64_t first,
                                std::int64_t count) const {
  if (!site.has_token_rows()) return {count, count};
  return {sum_of(answer_tokens.positive, first, count),
          sum_of(answer_tokens.negative, first, count)};
}

std::int64_t CacheDescription::bytes(std::int64_t first_pair) const {
  std::int64_t bytes = 0;
  for (const CachedSite& site : sites) {
    const SiteRows both = rows(site, first_pair, pairs - first_pair);
    bytes += (both.positive + both.negative) * site.kept() * site.width *
             static_cast<std::int64_t>(elementSize(dtype));
  }
  return bytes;
}

const CachedSite* CacheDescription::find_site(std::string_view key) const {
  const auto found = std::ranges::find(sites, key, &CachedSite::key);
  return found == sites.end() ? nullptr : &*found;
}

std::int64_t default_pairs_per_shard(const CacheDescription& description) {
  constexpr std::int64_t target_bytes = 32 << 20;
  const std::int64_t bytes = std::max<std::int64_t>(1, description.bytes());
  return std::max<std::int64_t>(1, target_bytes * description.pairs / bytes);
}

std::optional<std::string> flaw(const CacheDescription& description) {
  for (const char* name : required_fingerprints) {
    if (!description.fingerprints.contains(name)) {
      return fmt::format("the fingerprint '{}' is missing", name);
    }
  }
  if (const auto wrong = flaw_of_sites(description.sites)) return wrong;
  if (name_in(float_dtypes, description.dtype).empty()) return dtype_refusal(description.dtype);
  if (!within(description.pairs, max_pairs) || !within(description.pairs_per_shard, max_pairs)) {
    return fmt::format("impossible numbers of pairs ({}, {} per shard)", description.pairs,
                       description.pairs_per_shard);
  }
  const auto classes = static_cast<std::int64_t>(description.answer_classes.size());
  if (classes != 0 && classes != description.pairs) {
    return fmt::format("{} answer classes for {} pairs", classes, description.pairs);
  }
  if (const auto wrong = flaw_of_answers(description)) return wrong;
  if (const auto wrong = flaw_of_void_pairs(description)) return wrong;
  if (rough_bytes(description) > max_bytes) {
    return fmt::format("an impossible size of {:.0f} bytes", rough_bytes(description));
  }
  return std::nullopt;
}

void JsonForm<at::ScalarType>::read(Fields& fields, const std::string& key, at::ScalarType& dtype) {
  const auto name = fields.required<std::string>(key);
  const auto found =
      std::ranges::find(float_dtypes, name, [](const auto& one) { return one.first; });
  if (found == float_dtypes.end()) {
    throw FormatError({fmt::format("{}: unknown dtype", fields.place()),
                       "float32, bfloat16 or float16", fmt::format("'{}'", name), ""});
  }
  dtype = found->second;
}

std::string cache_dtype_name(at::ScalarType dtype) {
  const std::string name = name_in(float_dtypes, dtype);
  if (name.empty()) throw UsageError("cache", dtype_refusal(dtype));
  return name;
}

// Where two descriptions differ.

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
