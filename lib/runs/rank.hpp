#pragma once
// rank: from an activation cache to a ranking on disk, without the model.

#include <filesystem>
#include <string>

#include "models/site.hpp"
#include "steering/ranking.hpp"

namespace austeer {

struct RankOptions {
  std::filesystem::path cache;
  std::string method = "austeer";
  Site site = Site::ffn;
  std::filesystem::path out;
  bool verify = false;  ///< compare every shard with its sha256 first
};

/// Ranks the units of a site and writes the ranking. Throws FileError, FormatError, UsageError for
/// an unknown method or a site that the cache lacks.
Ranking rank(const RankOptions& options);

}  // namespace austeer
