#pragma once
// Runs a chat template: statements write text, expressions give values.

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja_syntax.hpp"
#include "text/jinja_value.hpp"

namespace austeer::jinja {

using Variables = std::vector<std::pair<std::string, Value>>;

/// The time of strftime_now(), and whether a template has asked for it.
struct Clock {
  std::tm time = {};
  bool read = false;
};

/// What `body` writes with `variables`, in at most `budget`.
/// Throws Problem with its line: what the template does that cannot be done, what it raises itself,
/// what is not supported, and where the budget ends.
std::string render(const Body& body, const Variables& variables, Clock& clock, Budget& budget);

}  // namespace austeer::jinja
