#include "tensors/gguf_split.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <system_error>

#include "base/error.hpp"

namespace austeer {
namespace {

namespace fs = std::filesystem;

constexpr const char* split_number = "split.no";  // counts from 0
constexpr const char* split_count = "split.count";
constexpr const char* split_tensors = "split.tensors.count";
constexpr const char* architecture_key = "general.architecture";
constexpr std::int64_t most_parts = 99'999;  // names have five digits

std::string part_name(const std::string& stem, std::int64_t number, std::int64_t count) {
  return fmt::format("{}-{:05}-of-{:05}.gguf", stem, number, count);
}

[[noreturn]] void refuse_part(const fs::path& file, std::string_view what, std::string expected,
                              std::string found, std::string hint = {}) {
  throw FormatError({fmt::format("[gguf] {}: {}", file.string(), what), std::move(expected),
                     std::move(found), std::move(hint)});
}

/// The part's number, from 1.
std::int64_t number_of(const GgufMetadata& metadata, std::int64_t count, const fs::path& file) {
  const auto index = metadata.required<std::int64_t>(split_number);
  if (index < 0 || index >= count) {
    refuse_part(file, split_number, fmt::format("0 to {}", count - 1), std::to_string(index));
  }
  return index + 1;
}

std::int64_t count_of(const GgufMetadata& metadata, const fs::path& file) {
  const auto count = metadata.optional<std::int64_t>(split_count, 1);
  if (count < 0 || count > most_parts) {
    refuse_part(file, split_count, fmt::format("0 to {}", most_parts), std::to_string(count));
  }
  return std::max<std::int64_t>(count, 1);
}

/// Five digits as a number; 0 where they are none.
std::int64_t five_digits(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && text.front() != '-' ? number
                                                                                         : 0;
}

void check_part(const fs::path& path, const GgufMetadata& metadata, std::int64_t number,
                const GgufMetadata& first, std::int64_t count) {
  const std::int64_t own_count = count_of(metadata, path);
  const std::int64_t own_number = own_count == count ? number_of(metadata, count, path) : 0;
  if (own_number != number) {
    refuse_part(path, "it is not the part that its name says",
                fmt::format("part {} of {}", number, count),
                own_count == count ? fmt::format("part {} of {}", own_number, count)
                                   : fmt::format("one of {}", own_count),
                "Do the parts come from the same download?");
  }
  for (const char* key : {architecture_key, "general.name"}) {
    if (!metadata.has(key) || !first.has(key)) continue;
    const auto expected = first.required<std::string>(key);
    const auto found = metadata.required<std::string>(key);
    if (found != expected) {
      refuse_part(path, fmt::format("{} differs from the first part's", key), expected, found,
                  "The parts are of different models");
    }
  }
}

}  // namespace

std::optional<GgufPartName> parse_gguf_part_name(const std::string& file_name) {
  constexpr std::size_t tail = std::string_view("-00001-of-00001.gguf").size();
  if (file_name.size() <= tail) return std::nullopt;
  const std::string_view end = std::string_view(file_name).substr(file_name.size() - tail);
  const GgufPartName name{file_name.substr(0, file_name.size() - tail),
                          five_digits(end.substr(1, 5)), five_digits(end.substr(10, 5))};
  const bool counts = name.number >= 1 && name.number <= name.count;
  if (!counts || part_name(name.stem, name.number, name.count) != file_name) return std::nullopt;
  return name;
}

std::vector<fs::path> gguf_part_paths(const fs::path& file, const GgufMetadata& metadata) {
  const std::int64_t count = count_of(metadata, file);
  if (count == 1) return {file};
  const std::int64_t number = number_of(metadata, count, file);
  const auto name = parse_gguf_part_name(file.filename());
  if (!name || name->number != number || name->count != count) {
    refuse_part(file,
                fmt::format("it is part {} of {} of a split model, which its name does not say",
                            number, count),
                part_name("NAME", number, count), file.filename(),
                "Give the parts the names that they were published under, in one folder");
  }
  std::vector<fs::path> paths;
  std::vector<std::string> missing;
  for (std::int64_t i = 1; i <= count; ++i) {
    paths.push_back(file.parent_path() / part_name(name->stem, i, count));
    std::error_code error;
    if (!fs::exists(paths.back(), error)) missing.push_back(paths.back().filename());
  }
  if (missing.empty()) return paths;
  const std::size_t more = missing.size() - std::min<std::size_t>(missing.size(), 5);
  missing.resize(missing.size() - more);
  throw FileError(
      "gguf",
      fmt::format("{} is part {} of {}; missing beside it: {}{}", file.string(), number, count,
                  fmt::join(missing, ", "), more > 0 ? fmt::format(" and {} more", more) : ""),
      "All parts must lie in one folder; was the download complete?");
}

void check_gguf_parts(const std::vector<fs::path>& paths,
                      const std::vector<const GgufHeader*>& headers) {
  const GgufMetadata& first = headers.front()->metadata;
  const auto count = static_cast<std::int64_t>(paths.size());
  std::int64_t tensors = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    check_part(paths[i], headers[i]->metadata, static_cast<std::int64_t>(i) + 1, first, count);
    tensors += static_cast<std::int64_t>(headers[i]->tensors.size());
  }
  const auto promised = first.optional<std::int64_t>(split_tensors, tensors);
  if (promised != tensors) {
    refuse_part(paths.front(), "its parts do not hold all tensors", std::to_string(promised),
                std::to_string(tensors), "Do the parts come from the same download?");
  }
}

}  // namespace austeer
