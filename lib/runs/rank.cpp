#include "runs/rank.hpp"

#include <fmt/format.h>

#include "base/version.hpp"
#include "cache/reader.hpp"
#include "steering/methods.hpp"

namespace austeer {
namespace {

/// A number, true or false where `text` is written as one in JSON, else the text.
Json scalar(const std::string& text) {
  const Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_number() || parsed.is_boolean() ? parsed : Json(text);
}

}  // namespace

Json parse_settings(std::span<const std::string> texts) {
  Json settings = Json::object();
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError({"[rank] not an option of a method", "KEY=VALUE", "'" + text + "'", ""});
    }
    const std::string key = text.substr(0, equals);
    if (settings.contains(key)) throw UsageError("rank", fmt::format("{} is set twice", key));
    settings[key] = scalar(text.substr(equals + 1));
  }
  return settings;
}

Ranking rank(const RankOptions& options) {
  const Method& method = methods().get(options.method);
  const std::vector<std::string>& sites = options.sites.empty() ? method.sites : options.sites;
  for (const std::string& site : sites) parse_site(site);
  const ActivationCache cache(options.cache);
  if (options.verify) cache.verify();
  Ranking ranking = method.rank(cache, sites, options.settings);
  ranking.provenance["austeer"] = full_version();
  save_ranking(ranking, options.out);
  return ranking;
}

Json answer_json(const RankOptions& options, const Ranking& ranking, std::int64_t top) {
  Json answer = answer_json(ranking, top);
  answer["ranking"] = options.out.string();
  return answer;
}

}  // namespace austeer
