#pragma once
// Runs a chat template: statements write text, expressions give values.

#include <string>
#include <utility>
#include <vector>

#include "text/jinja_evaluator.hpp"
#include "text/jinja_syntax.hpp"

namespace austeer::jinja {

using Variables = std::vector<std::pair<std::string, Value>>;

/// What `body` writes with `variables`, in at most `budget`.
/// Throws Problem with its line: what the template does that cannot be done, what it raises itself,
/// what is not supported, and where the budget ends.
std::string render(const Body& body, const Variables& variables, Clock& clock, Budget& budget);

}  // namespace austeer::jinja
