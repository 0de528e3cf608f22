#include "base/memory.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/scan.hpp"

namespace austeer {
namespace {

namespace fs = std::filesystem;

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

/// The files of a control group, and the keys of its memory.stat that count cached files, those of
/// the groups below included.
struct GroupVersion {
  const char* limit;
  const char* used;
  std::array<const char*, 2> cached;
};

constexpr std::array group_versions = {
    GroupVersion{"memory.max", "memory.current", {"active_file", "inactive_file"}},
    GroupVersion{"memory.limit_in_bytes",
                 "memory.usage_in_bytes",
                 {"total_active_file", "total_inactive_file"}}};

/// Version 1 writes no limit as the largest whole number of pages.
constexpr std::int64_t unlimited = std::int64_t{1} << 62;

/// A line of proc/self/cgroup, "4:memory:/slurm/job_7" or "0::/job_7".
struct Membership {
  bool first_version;
  fs::path path;  ///< from the hierarchy's root
};

/// A mounted hierarchy of control groups.
struct Hierarchy {
  fs::path folder;  ///< where it is mounted
  fs::path root;    ///< the group that is seen there
};

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool names_memory(std::string_view list) {
  return std::ranges::count(parts_of(list, ','), "memory") > 0;
}

std::optional<Membership> membership_in(std::string_view line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  if (!controllers.empty() && !names_memory(controllers)) return std::nullopt;
  return Membership{!controllers.empty(), fs::path(line.substr(second + 1))};
}

/// A path of proc/self/mountinfo, where blanks and the like are written "\040".
fs::path unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto is_octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(i + 1) && is_octal(i + 2) &&
        is_octal(i + 3)) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                  (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// The hierarchy that a line of proc/self/mountinfo mounts, if it is one of this version with the
/// memory controller.
std::optional<Hierarchy> mounted_in(std::string_view line, bool first_version) {
  const std::vector<std::string_view> fields = parts_of(line, ' ');
  const auto dash = std::ranges::find(fields, "-");
  // Behind the dash: file system, source, its options.
  if (fields.size() < 6 || fields.end() - dash < 4) return std::nullopt;
  const bool is_wanted =
      first_version ? dash[1] == "cgroup" && names_memory(dash[3]) : dash[1] == "cgroup2";
  if (!is_wanted) return std::nullopt;
  return Hierarchy{unescaped(fields[4]), unescaped(fields[3])};
}

/// Where the group's hierarchy is mounted, and where it usually is: a folder that holds nothing of
/// the kind limits nothing.
std::vector<Hierarchy> hierarchies_of(const Membership& group, std::string_view mounts) {
  std::vector<Hierarchy> found = {
      {group.first_version ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup", "/"}};
  for (const std::string_view line : lines_of(mounts)) {
    if (const auto mounted = mounted_in(line, group.first_version)) found.push_back(*mounted);
  }
  return found;
}

/// The group's place below its hierarchy's folder; the folder itself for one that lies outside of
/// what is mounted there, as a container's does.
fs::path inside(const Hierarchy& hierarchy, const fs::path& group) {
  const fs::path below = group.lexically_normal().lexically_relative(hierarchy.root);
  const bool outside = below.empty() || *below.begin() == "..";
  return outside ? fs::path() : below;
}

/// The least that is left in the groups from `top` / `group` up to `top`.
std::int64_t least_on_the_way_up(const fs::path& top, const fs::path& group) {
  std::int64_t least = memory_left_in_group(top);
  fs::path folder = top;
  for (const fs::path& part : group) {
    folder /= part;
    least = std::min(least, memory_left_in_group(folder));
  }
  return least;
}

std::int64_t kernel_estimate() {
  const std::int64_t kibibytes = number_behind("MemAvailable:", "/proc/meminfo");
  return kibibytes == unknown ? unknown : kibibytes * 1024;
}

}  // namespace

std::int64_t memory_left_in_group(const fs::path& folder) {
  std::int64_t least = unknown;
  for (const GroupVersion& version : group_versions) {
    const std::int64_t limit = number_in(folder / version.limit);
    const std::int64_t used = number_in(folder / version.used);
    if (limit >= unlimited || used == unknown) continue;
    std::int64_t cached = 0;
    for (const char* key : version.cached) {
      const std::int64_t bytes = number_behind(key, folder / "memory.stat");
      if (bytes != unknown) cached += bytes;
    }
    least = std::min(least, std::max<std::int64_t>(0, limit - used + cached));
  }
  return least;
}

std::int64_t memory_left_in_groups(const fs::path& root) {
  std::int64_t least = unknown;
  const std::string groups = text_of(root / "proc/self/cgroup");
  const std::string mounts = text_of(root / "proc/self/mountinfo");
  for (const std::string_view line : lines_of(groups)) {
    const std::optional<Membership> group = membership_in(line);
    if (!group) continue;
    for (const Hierarchy& hierarchy : hierarchies_of(*group, mounts)) {
      const fs::path top = root / hierarchy.folder.relative_path();
      least = std::min(least, least_on_the_way_up(top, inside(hierarchy, group->path)));
    }
  }
  return least;
}

std::int64_t available_memory() { return std::min(kernel_estimate(), memory_left_in_groups()); }

std::string human_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 4> units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < units.size(); ++unit) amount /= 1024;
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

}  // namespace austeer
