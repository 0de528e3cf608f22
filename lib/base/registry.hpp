#pragma once
// Registry<T>: named things of one kind. Registration is explicit (a static library drops objects
// that only register themselves), duplicates are refused, an unknown name gets a suggestion.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace austeer {

template <typename T>
class Registry {
 public:
  /// `kind` names the things in messages: "method", "model type".
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  /// Adds `value` under `name`; throws UsageError if the name is taken.
  Registry& add(const std::string& name, T value) {
    if (!entries_.emplace(name, std::move(value)).second) {
      throw UsageError("registry", "the " + kind_ + " '" + name + "' is registered twice");
    }
    return *this;
  }

  /// The entry called `name`; throws UsageError with the nearest known name.
  const T& get(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      throw UsageError("registry", "unknown " + kind_ + " '" + name + "'",
                       suggestion(name, names()));
    }
    return found->second;
  }

  /// All names, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& [name, value] : entries_) result.push_back(name);
    return result;
  }

 private:
  std::string kind_;
  std::map<std::string, T> entries_;
};

}  // namespace austeer
