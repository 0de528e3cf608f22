#pragma once
// rank: from an activation cache to a ranking on disk, without the model.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "steering/ranking.hpp"

namespace austeer {

struct RankOptions {
  std::filesystem::path cache;
  std::string method = "austeer";
  std::vector<std::string> sites;  ///< ranked together; none: the method's
  Json settings = Json::object();  ///< the method's options
  std::filesystem::path out;
  bool verify = false;  ///< compare every shard with its sha256 first
};

/// {"score": "effect", "stable": 0.9} of "score=effect" and "stable=0.9". What looks like a number,
/// true or false is one. Throws UsageError for a text without '=' and for a key that is set twice.
Json parse_settings(std::span<const std::string> texts);

/// Ranks the units of the sites and writes the ranking. Throws FileError, FormatError, UsageError
/// for an unknown method or option and for a site that there is not, that the cache lacks or that
/// the method cannot rank.
Ranking rank(const RankOptions& options);

/// The ranking's answer_json(), with "ranking": its file.
Json answer_json(const RankOptions& options, const Ranking& ranking, std::int64_t top);

}  // namespace austeer
