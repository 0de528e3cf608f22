#include "base/memory.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <string_view>

namespace austeer {
namespace {

constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();

/// The number in a file that holds only one ("max" stands for none).
std::int64_t number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::int64_t number = 0;
  return file >> number ? number : unknown;
}

/// The number behind `key` in a file of lines "KEY NUMBER …".
std::int64_t number_behind(std::string_view key, const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string found;
  std::int64_t number = 0;
  std::string rest;
  while (file >> found >> number && std::getline(file, rest)) {
    if (found == key) return number;
  }
  return unknown;
}

std::int64_t kernel_estimate() {
  const std::int64_t kibibytes = number_behind("MemAvailable:", "/proc/meminfo");
  return kibibytes == unknown ? unknown : kibibytes * 1024;
}

}  // namespace

std::int64_t memory_left_in_group(const std::filesystem::path& folder) {
  const std::int64_t limit = number_in(folder / "memory.max");
  const std::int64_t used = number_in(folder / "memory.current");
  if (limit == unknown || used == unknown) return unknown;
  std::int64_t cached = 0;
  for (const char* key : {"active_file", "inactive_file"}) {
    const std::int64_t bytes = number_behind(key, folder / "memory.stat");
    if (bytes != unknown) cached += bytes;
  }
  return std::max<std::int64_t>(0, limit - used + cached);
}

std::int64_t available_memory() {
  return std::min(kernel_estimate(), memory_left_in_group("/sys/fs/cgroup"));
}

std::string human_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 4> units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < units.size(); ++unit) amount /= 1024;
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

}  // namespace austeer
