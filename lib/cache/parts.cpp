#include "cache/parts.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <string_view>

#include "base/files.hpp"
#include "cache/manifest.hpp"

namespace austeer {
namespace {

/// The number in the name of an added part, or 0 for other names.
std::int64_t part_number(std::string_view name) {
  constexpr std::string_view prefix = "added-";
  if (!name.starts_with(prefix)) return 0;
  std::int64_t number = 0;
  std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number >= 1 && name == added_part_name(number) ? number : 0;
}

std::vector<std::int64_t> part_numbers(const std::filesystem::path& folder) {
  std::vector<std::int64_t> numbers;
  for (const std::string& name : list_folder(folder)) {
    if (const std::int64_t number = part_number(name); number > 0) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

std::string added_part_name(std::int64_t number) { return fmt::format("added-{:02}", number); }

std::vector<std::filesystem::path> added_parts(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> parts;
  for (const std::int64_t number : part_numbers(folder)) {
    const std::filesystem::path part = folder / added_part_name(number);
    if (has_manifest(part)) parts.push_back(part);
  }
  return parts;
}

std::filesystem::path next_added_part(const std::filesystem::path& folder) {
  const std::vector<std::int64_t> numbers = part_numbers(folder);
  for (const std::int64_t number : numbers) {
    if (!has_manifest(folder / added_part_name(number))) return folder / added_part_name(number);
  }
  return folder / added_part_name(numbers.empty() ? 1 : numbers.back() + 1);
}

}  // namespace austeer
