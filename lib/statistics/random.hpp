#pragma once
// Draws that are the same on every machine: the standard library's distributions and shuffle differ
// from one implementation to the other, its engines do not.

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

namespace austeer {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// One of 0 ... bound - 1, bound > 0. The remainder of 64 bits: no value is more likely than
  /// another by more than bound / 2^64 of itself.
  std::size_t below(std::size_t bound) { return engine_() % bound; }

  /// Puts `count` elements drawn without replacement at the front of `all`, in the order of the
  /// draw.
  template <typename T>
  void shuffle_first(std::vector<T>& all, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + below(all.size() - i)]);
  }

  /// -1 or 1.
  double sign() { return engine_() % 2 == 0 ? 1 : -1; }

  /// One value of the standard normal distribution (Box and Muller).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  /// In [0, 1).
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  std::mt19937_64 engine_;
};

}  // namespace austeer
