#include "token_lines.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>

namespace austeer::app {

void print_tokens(const char* what, const std::vector<ScoredToken>& tokens) {
  std::vector<std::string> shown;
  for (const ScoredToken& token : tokens) {
    shown.push_back(
        fmt::format("{} {:+.3f}",
                    token.text.empty() ? fmt::format("<{}>", token.id) : to_text(Json(token.text)),
                    token.score));
  }
  fmt::print("  {} {}\n", what, fmt::join(shown, ", "));
}

}  // namespace austeer::app
