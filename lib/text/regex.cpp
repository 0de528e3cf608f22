// PCRE2 behind Regex: translation of the pattern, compilation, and the loop over matches.
#include "text/regex.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <limits>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace austeer {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t max_pattern_bytes = 8192;
constexpr std::uint32_t heap_limit_kib = 65536;
constexpr std::uint32_t max_nested_groups = 100;
// Steps of one match: a fixed part, and a part per byte of text for patterns that go through it a
// few times. Exponential and quadratic patterns run into it.
constexpr std::uint64_t fixed_steps = 100'000;
constexpr std::uint64_t steps_per_byte = 64;

// Both engines know \s and \w, but not as the same sets: PCRE2 counts U+180E as white space and
// leaves marks and enclosed letters out of words; Oniguruma has some Latin-1 numbers in them.
constexpr std::string_view space_set = "\\p{Z}\\x{9}-\\x{d}\\x{85}";
constexpr std::string_view word_set =
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}\\x{24b6}-\\x{24e9}"
    "\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}";

[[noreturn]] void refuse_regex(const std::string& place, std::string_view what,
                               std::string_view found, std::string_view hint = {}) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "",
                     found.empty() ? "" : fmt::format("'{}'", found.substr(0, 200)),
                     std::string(hint)});
}

/// Rewrites a pattern in Oniguruma's (Ruby's) dialect for PCRE2.
class Translator {
 public:
  Translator(std::string_view pattern, const std::string& place)
      : pattern_(pattern), place_(place) {}

  std::string run() {
    for (position_ = 0; position_ < pattern_.size(); ++position_) {
      const char c = pattern_[position_];
      if (c == '\\') {
        escape();
      } else if (in_class_) {
        class_character(c);
      } else {
        if (c == '{') check_interval();
        if (c == '(') check_flags();
        in_class_ = c == '[';
        class_start_ = position_;
        result_ += c;
      }
    }
    return std::move(result_);
  }

 private:
  void escape() {
    if (position_ + 1 == pattern_.size()) refuse_construct("ends with a backslash");
    const char c = pattern_[++position_];
    switch (c) {
      case 's':
      case 'w':
        set(c == 's' ? space_set : word_set, false);
        break;
      case 'S':
      case 'W':
        set(c == 'S' ? space_set : word_set, true);
        break;
      case 'b':
      case 'B':
        boundary(c);
        break;
      case 'h':
      case 'H':
      case 'Q':
      case 'E':
        refuse_construct(fmt::format("'\\{}' is not supported", c));
      default:
        result_ += '\\';
        result_ += c;
        if (pattern_.substr(position_ + 1).starts_with('{') && "pPxu"sv.find(c) != npos) name();
    }
  }

  /// The braces of \p{L} or \x{41}, which are no interval.
  void name() {
    const std::size_t end = std::min(pattern_.find('}', position_), pattern_.size() - 1);
    result_ += pattern_.substr(position_ + 1, end - position_);
    position_ = end;
  }

  /// At the brace of {2} or {2,3}. To Oniguruma, + after it repeats what it repeats, ? after {2}
  /// makes it optional, and {,2} is an interval.
  void check_interval() const {
    const std::size_t end = pattern_.find('}', position_);
    if (end == npos) return;
    const std::string_view inside = pattern_.substr(position_ + 1, end - position_ - 1);
    const std::string_view after = pattern_.substr(end + 1);
    const bool differs = inside.starts_with(',') || after.starts_with('+') ||
                         (after.starts_with('?') && inside.find(',') == npos);
    if (differs) refuse_construct("this interval is not supported");
  }

  /// At a parenthesis. The engines know different flags by the same letters (m, s), and end the
  /// reach of a flag that stands alone at different places.
  void check_flags() const {
    const std::string_view group = pattern_.substr(position_ + 1);
    if (!group.starts_with('?')) return;
    const std::size_t end = group.find_first_of(":)<>=!#");
    if (end == npos) return;
    const std::string_view flags = group.substr(1, end - 1);
    const bool alone = group[end] == ')' && position_ > 0;
    if (alone || flags.find_first_not_of("i-") != npos) {
      refuse_construct("these flags are not supported");
    }
  }

  void set(std::string_view members, bool negated) {
    if (in_class_) {
      if (negated) refuse_construct("'\\S' or '\\W' inside a class is not supported");
      result_ += members;
    } else {
      result_ += fmt::format("[{}{}]", negated ? "^" : "", members);
    }
  }

  void boundary(char c) {
    if (in_class_) {  // there, \b is a backspace
      result_ += fmt::format("\\{}", c);
      return;
    }
    constexpr std::string_view edge = "(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))";
    constexpr std::string_view no_edge = "(?:(?<=[{0}])(?=[{0}])|(?<![{0}])(?![{0}]))";
    result_ += fmt::format(fmt::runtime(c == 'b' ? edge : no_edge), word_set);
  }

  void class_character(char c) {
    const bool first = position_ == class_start_ + 1 ||
                       (position_ == class_start_ + 2 && pattern_[class_start_ + 1] == '^');
    if (c == '[') refuse_construct("a class inside a class is not supported");
    if (c == '&' && position_ + 1 < pattern_.size() && pattern_[position_ + 1] == '&') {
      refuse_construct("'&&' inside a class is not supported");
    }
    if (c == ']' && !first) in_class_ = false;
    result_ += c;
  }

  [[noreturn]] void refuse_construct(std::string_view what) const {
    refuse_regex(place_, fmt::format("the regular expression at byte {}: {}", position_, what),
                 pattern_);
  }

  std::string_view pattern_;
  const std::string& place_;
  std::string result_;
  std::size_t position_ = 0;
  bool in_class_ = false;
  std::size_t class_start_ = 0;
};

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Code = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;

MatchContext limited_context(std::size_t text_bytes) {
  MatchContext context(pcre2_match_context_create(nullptr));
  const std::uint64_t steps = std::min<std::uint64_t>(fixed_steps + steps_per_byte * text_bytes,
                                                      std::numeric_limits<std::uint32_t>::max());
  pcre2_set_match_limit(context.get(), static_cast<std::uint32_t>(steps));
  pcre2_set_depth_limit(context.get(), static_cast<std::uint32_t>(steps));
  pcre2_set_heap_limit(context.get(), heap_limit_kib);
  return context;
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
  const std::string translated = Translator(pattern, place_).run();
  CompileContext context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), max_nested_groups);
  int code = 0;
  std::size_t offset = 0;
  compiled_->code.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code,
                    &offset, context.get()));
  if (!compiled_->code) {
    refuse_regex(place_,
                 fmt::format("the regular expression does not compile: {}", message_of(code)),
                 pattern);
  }
  // Where machine code cannot be made (a hardened kernel), the interpreter gives the same matches.
  pcre2_jit_compile(compiled_->code.get(), PCRE2_JIT_COMPLETE);
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

std::vector<ByteRange> Regex::find_all(std::string_view text) const {
  std::vector<ByteRange> matches;
  const MatchContext context = limited_context(text.size());
  const MatchData data(pcre2_match_data_create(1, nullptr));
  const pcre2_code* code = compiled_->code.get();
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  std::size_t start = 0;
  while (start <= text.size()) {
    int result = pcre2_match(code, subject, text.size(), start, PCRE2_NO_UTF_CHECK, data.get(),
                             context.get());
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
      result = pcre2_match(code, subject, text.size(), start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                           data.get(), context.get());
    }
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) {
      refuse_regex(place_, fmt::format("the regular expression gave up: {}", message_of(result)),
                   "", "It takes too many steps on this text");
    }
    const std::size_t* range = pcre2_get_ovector_pointer(data.get());
    const ByteRange match{range[0], range[1]};
    // \K in a lookaround can report a match that ends before it begins, or one already passed.
    if (match.begin > match.end || match.begin < start) {
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
