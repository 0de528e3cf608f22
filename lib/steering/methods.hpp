#pragma once
// The methods that make rankings, by name.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/names.hpp"
#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

// The options of a method, read strictly: each is named once, with its default; what was given and
// what was filled in goes into the ranking together.

/// Each reader throws UsageError, naming method and option, for a value of the wrong type or out of
/// range.
class MethodOptions {
 public:
  /// `given` must outlive this. Throws UsageError unless it is an object.
  MethodOptions(const Json& given, std::string_view method);

  bool has(const std::string& key) const;

  /// One of `names`; the first where the option is not given.
  std::string choice(const std::string& key, std::vector<std::string> names);
  /// A number of [least, most].
  double number(const std::string& key, double fallback, double least, double most);
  /// A whole number of [least, most].
  std::int64_t whole(const std::string& key, std::int64_t fallback, std::int64_t least,
                     std::int64_t most);
  /// As above, but the option must be given.
  std::int64_t required_whole(const std::string& key, std::int64_t least, std::int64_t most);
  std::string required_text(const std::string& key);

  /// Throws the UsageError that the option `key` cannot be so, because of `reason`.
  [[noreturn]] void refuse(const std::string& key, std::string_view reason) const;

  /// All options that were read, with their values. Throws UsageError for any other that was given,
  /// with the nearest known one.
  Json resolved() const;

 private:
  template <typename T>
  T read(const std::string& key, const T* fallback);
  std::int64_t bounded(const std::string& key, std::int64_t value, std::int64_t least,
                       std::int64_t most) const;

  Fields fields_;
  Json resolved_ = Json::object();
};

struct Method {
  std::string summary;             ///< one line for lists and help texts
  std::vector<std::string> sites;  ///< that it ranks where none is named
  /// Ranks the units of the named sites. Throws UsageError for options that it does not know and
  /// for sites that it cannot rank or that the cache lacks, ComputeError for activations that are
  /// not finite.
  std::function<Ranking(const ActivationCache&, std::span<const std::string> sites,
                        const Json& options)>
      rank;
  /// What of a cache that reads, as `collect` names it ("layer@answer_mean"). Throws as `rank` does
  /// for options and sites.
  std::function<std::vector<std::string>(std::span<const std::string> sites, const Json& options)>
      reads;
};

/// Every method. `methods().get("austeer").rank(cache, sites, Json::object())`.
const Registry<Method>& methods();

}  // namespace austeer
