#include "cache/description.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "base/hash.hpp"

namespace austeer {
namespace {

constexpr std::array required_fingerprints = {"model", "tokenizer", "task", "template", "pairs"};
constexpr std::array dtypes = {std::pair{"float32", at::kFloat},
                               std::pair{"bfloat16", at::kBFloat16},
                               std::pair{"float16", at::kHalf}};

// Far above any model and small enough that pairs * layers * width * 4 stays below 2^63.
constexpr std::int64_t max_layers = 1 << 14;
constexpr std::int64_t max_width = 1 << 20;
constexpr std::int64_t max_pairs = 1 << 26;

bool within(std::int64_t value, std::int64_t limit) { return value >= 1 && value <= limit; }

/// A site's name becomes part of tensor names.
bool is_site_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), plain);
}

/// The name of a dtype that can be cached, or nullptr.
const char* find_dtype_name(at::ScalarType dtype) {
  for (const auto& [name, known] : dtypes) {
    if (dtype == known) return name;
  }
  return nullptr;
}

std::string dtype_refusal(at::ScalarType dtype) {
  return fmt::format("activations of type {} cannot be cached, only float32, bfloat16 and float16",
                     c10::toString(dtype));
}

at::ScalarType parse_dtype(const std::string& name, const std::string& place) {
  for (const auto& [known, dtype] : dtypes) {
    if (name == known) return dtype;
  }
  throw FormatError({fmt::format("{}: unknown dtype", place), "float32, bfloat16 or float16",
                     fmt::format("'{}'", name), ""});
}

Json to_json(const CachedSite& site) {
  return {{"name", site.name}, {"layers", site.layers}, {"width", site.width}};
}

}  // namespace

std::string CacheDescription::key() const {
  return sha256("austeer activation cache 2\n" + to_text(to_json(*this)));
}

std::int64_t CacheDescription::shards() const {
  return (pairs + pairs_per_shard - 1) / pairs_per_shard;
}

std::int64_t CacheDescription::pairs_in_shard(std::int64_t index) const {
  return std::min(pairs_per_shard, pairs - index * pairs_per_shard);
}

std::int64_t CacheDescription::pair_bytes() const {
  std::int64_t bytes = 0;
  for (const CachedSite& site : sites) {
    bytes += 2 * site.layers * site.width * static_cast<std::int64_t>(elementSize(dtype));
  }
  return bytes;
}

std::int64_t default_pairs_per_shard(const CacheDescription& description) {
  constexpr std::int64_t target_bytes = 32 << 20;
  return std::max<std::int64_t>(1,
                                target_bytes / std::max<std::int64_t>(1, description.pair_bytes()));
}

std::optional<std::string> flaw(const CacheDescription& description) {
  for (const char* name : required_fingerprints) {
    if (!description.fingerprints.contains(name)) {
      return fmt::format("the fingerprint '{}' is missing", name);
    }
  }
  if (description.sites.empty()) return "it has no sites";
  std::set<std::string> names;
  for (const CachedSite& site : description.sites) {
    if (!is_site_name(site.name)) return fmt::format("'{}' cannot name a site", site.name);
    if (!names.insert(site.name).second) {
      return fmt::format("the site '{}' stands twice", site.name);
    }
    if (!within(site.layers, max_layers) || !within(site.width, max_width)) {
      return fmt::format("the site '{}' has an impossible size ({} layers, width {})", site.name,
                         site.layers, site.width);
    }
  }
  if (find_dtype_name(description.dtype) == nullptr) return dtype_refusal(description.dtype);
  if (description.positions != "last") {
    return fmt::format("unknown positions '{}' (known: last)", description.positions);
  }
  if (!within(description.pairs, max_pairs) || !within(description.pairs_per_shard, max_pairs)) {
    return fmt::format("impossible numbers of pairs ({}, {} per shard)", description.pairs,
                       description.pairs_per_shard);
  }
  const auto classes = static_cast<std::int64_t>(description.answer_classes.size());
  if (classes != 0 && classes != description.pairs) {
    return fmt::format("{} answer classes for {} pairs", classes, description.pairs);
  }
  return std::nullopt;
}

std::optional<std::string> difference(const CacheDescription& here, const CacheDescription& there) {
  const auto differ = [](const std::string& field, const Json& a, const Json& b) {
    return fmt::format("{} (here {}, there {})", field, to_text(a), to_text(b));
  };
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
  const Json a = to_json(here);
  const Json b = to_json(there);
  for (const auto& [field, value] : a.items()) {
    if (value != b.at(field)) return differ(fmt::format("'{}'", field), value, b.at(field));
  }
  return std::nullopt;
}

Json to_json(const CacheDescription& description) {
  Json fingerprints = Json::object();
  for (const auto& [name, value] : description.fingerprints) fingerprints[name] = value;
  Json sites = Json::array();
  for (const CachedSite& site : description.sites) sites.push_back(to_json(site));
  return {{"fingerprints", fingerprints},
          {"sites", sites},
          {"positions", description.positions},
          {"dtype", cache_dtype_name(description.dtype)},
          {"pairs", description.pairs},
          {"pairs_per_shard", description.pairs_per_shard},
          {"answer_classes", description.answer_classes}};
}

CacheDescription description_from_json(Fields& fields) {
  CacheDescription result;
  const Json& fingerprints = fields.value("fingerprints");
  Fields texts(fingerprints, fields.place() + ": fingerprints");
  for (const auto& [name, value] : fingerprints.items()) {
    result.fingerprints[name] = texts.required<std::string>(name);
  }
  const Json& sites = fields.value("sites");
  if (!sites.is_array()) {
    throw FormatError({fields.place() + ": sites", "a list", sites.type_name(), ""});
  }
  for (const Json& element : sites) {
    Fields site(element, fields.place() + ": sites");
    result.sites.push_back({site.required<std::string>("name"),
                            site.required<std::int64_t>("layers"),
                            site.required<std::int64_t>("width")});
    site.refuse_unknown();
  }
  result.positions = fields.required<std::string>("positions");
  result.dtype = parse_dtype(fields.required<std::string>("dtype"), fields.place());
  result.pairs = fields.required<std::int64_t>("pairs");
  result.pairs_per_shard = fields.required<std::int64_t>("pairs_per_shard");
  result.answer_classes = fields.required<std::vector<std::string>>("answer_classes");
  if (const auto wrong = flaw(result)) {
    throw FormatError({fmt::format("{}: {}", fields.place(), *wrong), "", "", ""});
  }
  return result;
}

std::string cache_dtype_name(at::ScalarType dtype) {
  if (const char* name = find_dtype_name(dtype)) return name;
  throw UsageError("cache", dtype_refusal(dtype));
}

}  // namespace austeer
