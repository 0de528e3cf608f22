#pragma once
// The methods that make rankings, by name.

#include <functional>
#include <string>

#include "base/registry.hpp"
#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

struct Method {
  std::string summary;  ///< one line for lists and help texts
  /// Ranks the units of a site. Refuses options that it does not know (FormatError).
  std::function<Ranking(const ActivationCache&, Site, const Json& options)> rank;
};

/// Every method. `methods().get("austeer").rank(cache, Site::ffn, Json::object())`.
const Registry<Method>& methods();

}  // namespace austeer
