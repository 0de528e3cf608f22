#include "verification.hpp"

#include <fmt/format.h>

namespace austeer::app {

void print_verification(const Verification& verification) {
  const Agreement& difference = verification.difference;
  const Agreement& steering = verification.steering;
  fmt::print("{} texts, {} tokens\n", difference.texts, difference.tokens);
  fmt::print("{:<24}{:>24}{:>18}\n", "", "plan against export", "plan at all");
  fmt::print("{:<24}{:>24.3g}{:>18.3g}\n", "largest logit difference",
             difference.largest_difference, steering.largest_difference);
  fmt::print("{:<24}{:>24.3g}{:>18.3g}\n", "mean divergence (nats)", difference.mean_divergence,
             steering.mean_divergence);
  fmt::print("{:<24}{:>23.1f}%{:>17.1f}%\n", "same next token", 100 * difference.same_next_token,
             100 * steering.same_next_token);
}

}  // namespace austeer::app
