// Oniguruma behind Regex: compilation, the limits, and the loop over matches.
#include "text/regex.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

// Without it, oniguruma.h defines a macro UChar, which is a type of ICU's.
#define ONIG_ESCAPE_UCHAR_COLLISION
#include <oniguruma.h>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace austeer {
namespace {

constexpr std::size_t max_pattern_bytes = 8192;
constexpr unsigned max_nested_groups = 100;
// Backtracking steps of one search and entries of its stack: a fixed part, and a part per byte of
// text for patterns that go through it a few times. Exponential and quadratic patterns run into it.
constexpr std::size_t fixed_steps = 100'000;
constexpr std::size_t steps_per_byte = 256;
constexpr std::size_t stack_entries_per_byte = 8;

[[noreturn]] void refuse_regex(const std::string& place, std::string_view what,
                               std::string_view found, std::string_view hint = {}) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "",
                     found.empty() ? "" : fmt::format("'{}'", found.substr(0, 200)),
                     std::string(hint)});
}

std::string message_of(int code, const OnigErrorInfo* details = nullptr) {
  std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> buffer{};
  const int size = onig_error_code_to_str(buffer.data(), code, details);
  return {reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(size)};
}

/// Sets up the library once in the process; its limit of nested groups holds for all patterns.
void set_up_oniguruma() {
  static const bool once = [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
    onig_set_parse_depth_limit(max_nested_groups);
    return true;
  }();
  static_cast<void>(once);
}

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
constexpr auto free_region = [](OnigRegion* region) { onig_region_free(region, 1); };
using Code = std::unique_ptr<OnigRegexType, Freed<onig_free>>;
using Limits = std::unique_ptr<OnigMatchParam, Freed<onig_free_match_param>>;
using Region = std::unique_ptr<OnigRegion, Freed<free_region>>;

Limits limits_for(std::size_t text_bytes) {
  Limits limits(onig_new_match_param());
  const std::size_t steps = fixed_steps + steps_per_byte * text_bytes;
  const std::size_t entries = std::min<std::size_t>(
      fixed_steps + stack_entries_per_byte * text_bytes, std::numeric_limits<int>::max());
  onig_initialize_match_param(limits.get());
  onig_set_retry_limit_in_match_of_match_param(limits.get(), steps);
  onig_set_retry_limit_in_search_of_match_param(limits.get(), steps);
  onig_set_match_stack_limit_size_of_match_param(limits.get(), static_cast<unsigned>(entries));
  return limits;
}

}  // namespace

struct Regex::Compiled {
  Code code;
};

Regex::Regex(std::string_view pattern, std::string place)
    : compiled_(std::make_unique<Compiled>()), place_(std::move(place)) {
  if (pattern.size() > max_pattern_bytes) {
    refuse_regex(place_,
                 fmt::format("a regular expression of {} bytes; at most {} are read",
                             pattern.size(), max_pattern_bytes),
                 "");
  }
  set_up_oniguruma();
  const auto* begin = reinterpret_cast<const OnigUChar*>(pattern.data());
  OnigRegex code = nullptr;
  OnigErrorInfo details{};
  const int result = onig_new(&code, begin, begin + pattern.size(), ONIG_OPTION_NONE,
                              ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &details);
  if (result != ONIG_NORMAL) {
    refuse_regex(
        place_,
        fmt::format("the regular expression does not compile: {}", message_of(result, &details)),
        pattern);
  }
  compiled_->code.reset(code);
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

std::vector<ByteRange> Regex::find_all(std::string_view text) const {
  std::vector<ByteRange> matches;
  const Limits limits = limits_for(text.size());
  const Region region(onig_region_new());
  const auto* begin = reinterpret_cast<const OnigUChar*>(text.data());
  const auto* end = begin + text.size();
  std::size_t start = 0;
  while (start <= text.size()) {
    const int result = onig_search_with_param(compiled_->code.get(), begin, end, begin + start, end,
                                              region.get(), ONIG_OPTION_NONE, limits.get());
    if (result == ONIG_MISMATCH) break;
    if (result < 0) {
      refuse_regex(place_, fmt::format("the regular expression gave up: {}", message_of(result)),
                   "", "It takes too many steps on this text");
    }
    const ByteRange match{static_cast<std::size_t>(region->beg[0]),
                          static_cast<std::size_t>(region->end[0])};
    // \K in a lookbehind can report a match that begins before the search does.
    if (match.begin < start) {
      refuse_regex(place_, "the regular expression moves the start of its match", "");
    }
    const bool empty = match.begin == match.end;
    const bool at_previous_end = !matches.empty() && match.begin == matches.back().end;
    if (!empty || !at_previous_end) matches.push_back(match);
    start = match.end;
    if (empty) start += start < text.size() ? code_point_at(text, start).length : 1;
  }
  return matches;
}

std::string Regex::replace_all(std::string_view text, std::string_view content,
                               std::size_t max_bytes) const {
  std::string result;
  std::size_t done = 0;
  const auto append = [&](std::string_view more) {
    if (more.size() > max_bytes - result.size()) {
      refuse_regex(place_,
                   fmt::format("its replacements make a text longer than {} bytes", max_bytes),
                   content);
    }
    result += more;
  };
  for (const ByteRange& match : find_all(text)) {
    append(text.substr(done, match.begin - done));
    append(content);
    done = match.end;
  }
  append(text.substr(done));
  return result;
}

std::string Regex::escape(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       static_cast<unsigned char>(c) >= 0x80 || c == '_';
    if (plain) {
      pattern += c;
    } else {
      pattern += fmt::format("\\x{{{:x}}}", static_cast<unsigned char>(c));
    }
  }
  return pattern;
}

}  // namespace austeer
