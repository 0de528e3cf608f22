// A recursive parser over bytes that are valid UTF-8 or not: strings are copied as they stand.
#include "base/data_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>

#include "base/scan.hpp"
#include "base/utf8.hpp"

namespace austeer {
namespace {

constexpr int deepest_level = 64;
constexpr char32_t replacement = 0xFFFD;

bool is_high_surrogate(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// Reads one document from its first byte to its last.
class DataJsonParser {
 public:
  DataJsonParser(std::string_view text, const std::string& place) : text_(text), place_(place) {}

  Json document() {
    skip("\xEF\xBB\xBF");  // the byte order mark
    Json result = value(0);
    skip_space();
    if (at_ < text_.size()) refuse("text after the end of the value");
    return result;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = 1 + std::ranges::count(before, '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    throw FormatError("json", fmt::format("{}: not valid JSON (line {}, byte {}: {})", place_, line,
                                          at_ - line_start + 1, what));
  }

  bool skip(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  Json value(int depth) {
    if (depth > deepest_level) {
      throw FormatError("json",
                        fmt::format("{}: nested deeper than {} levels", place_, deepest_level));
    }
    skip_space();
    if (skip("{")) return object(depth);
    if (skip("[")) return list(depth);
    if (skip("\"")) return string();
    if (skip("true")) return true;
    if (skip("false")) return false;
    if (skip("null")) return nullptr;
    if (skip("NaN")) return std::numeric_limits<double>::quiet_NaN();
    if (skip("Infinity")) return std::numeric_limits<double>::infinity();
    if (skip("-Infinity")) return -std::numeric_limits<double>::infinity();
    return number();
  }

  Json object(int depth) {
    Json result = Json::object();
    skip_space();
    if (skip("}")) return result;
    for (;;) {
      skip_space();
      if (!skip("\"")) refuse("expected a key in quotes");
      const std::string key = string();
      skip_space();
      if (!skip(":")) refuse("expected ':'");
      result[key] = value(depth + 1);
      skip_space();
      if (skip("}")) return result;
      if (!skip(",")) refuse("expected ',' or '}'");
    }
  }

  Json list(int depth) {
    Json result = Json::array();
    skip_space();
    if (skip("]")) return result;
    for (;;) {
      result.push_back(value(depth + 1));
      skip_space();
      if (skip("]")) return result;
      if (!skip(",")) refuse("expected ',' or ']'");
    }
  }

  /// The rest of a string whose opening quote is read.
  std::string string() {
    std::string result;
    for (;;) {
      const auto stop = std::find_if(
          text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.end(),
          [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
      const auto end = static_cast<std::size_t>(stop - text_.begin());
      result += text_.substr(at_, end - at_);
      at_ = end;
      if (at_ == text_.size()) refuse("a string that does not end");
      if (skip("\"")) return result;
      if (!skip("\\")) refuse("a control character in a string; write it as an escape");
      escape(result);
    }
  }

  void escape(std::string& result) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    if (skip("u")) {
      append_utf8(result, escaped_character());
      return;
    }
    const std::size_t index = at_ < text_.size() ? names.find(text_[at_]) : std::string_view::npos;
    if (index == std::string_view::npos) refuse("an unknown escape");
    result += meant[index];
    ++at_;
  }

  /// The character of an escape whose "\u" is read, its second half included.
  char32_t escaped_character() {
    const char32_t unit = hex_unit();
    if (is_low_surrogate(unit)) return replacement;
    if (!is_high_surrogate(unit)) return unit;
    const std::size_t behind = at_;
    if (skip("\\u")) {
      const char32_t second = hex_unit();
      if (is_low_surrogate(second)) return 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
    }
    at_ = behind;
    return replacement;
  }

  char32_t hex_unit() {
    const std::string_view digits = text_.substr(at_, 4);
    const auto unit = parse_number<std::uint32_t>(digits, 16);
    if (digits.size() < 4 || !unit) refuse("expected four hex digits");
    at_ += 4;
    return *unit;
  }

  std::size_t skip_digits() {
    const std::size_t start = at_;
    at_ = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
    return at_ - start;
  }

  Json number() {
    const std::size_t start = at_;
    skip("-");
    if (!skip("0") && skip_digits() == 0) refuse("expected a value");
    bool is_whole = true;
    if (skip(".")) {
      is_whole = false;
      if (skip_digits() == 0) refuse("expected a digit");
    }
    if (skip("e") || skip("E")) {
      is_whole = false;
      if (!skip("+")) skip("-");
      if (skip_digits() == 0) refuse("expected a digit");
    }
    const std::string digits(text_.substr(start, at_ - start));
    return is_whole ? whole_number(digits) : decimal_number(digits);
  }

  static Json whole_number(const std::string& digits) {
    if (const auto number = parse_number<std::int64_t>(digits)) return *number;
    if (const auto number = parse_number<std::uint64_t>(digits)) return *number;
    return digits;
  }

  static Json decimal_number(const std::string& digits) {
    double number = 0;
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number);
    // from_chars does not say whether a number is too large for a double or too small.
    if (read.ec == std::errc::result_out_of_range) return std::strtod(digits.c_str(), nullptr);
    return number;
  }

  std::string_view text_;
  const std::string& place_;
  std::size_t at_ = 0;
};

bool is_finite_number(const Json& value) {
  return !value.is_number_float() || std::isfinite(value.get<double>());
}

}  // namespace

Json parse_data_json(std::string_view text, const std::string& place) {
  return DataJsonParser(text, place).document();
}

std::optional<std::string> scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  const bool has_text = value.is_boolean() || (value.is_number() && is_finite_number(value));
  return has_text ? std::optional(to_text(value)) : std::nullopt;
}

std::string kind_of(const Json& value) {
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  if (value.is_string()) return "a text";
  if (!value.is_number()) return value.is_boolean() ? "true or false" : "null";
  if (is_finite_number(value)) return "a number";
  const double number = value.get<double>();
  if (std::isnan(number)) return "NaN";
  return number > 0 ? "Infinity" : "-Infinity";
}

}  // namespace austeer
