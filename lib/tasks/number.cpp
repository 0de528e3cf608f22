// Finding numbers in text, one scan from left to right.
#include "tasks/number.hpp"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <vector>

#include "base/ascii.hpp"

namespace austeer {
namespace {

constexpr double whole_below = 1e15;  // whole numbers are exact far beyond this

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_digit(c) || is_letter(c); }

/// Reads numbers at a place that moves forward through the text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// All numbers, in order.
  std::vector<double> numbers() {
    std::vector<double> found;
    while (at_ < text_.size()) {
      if (!starts_number(at_)) {
        ++at_;
        continue;
      }
      const bool negative = has_minus(at_);
      double value = quantity();
      if (at_ + 1 < text_.size() && text_[at_] == '/' && starts_number(at_ + 1)) {
        const std::size_t before = at_++;
        const double divisor = quantity();
        if (divisor == 0) {
          at_ = before;
        } else {
          value /= divisor;
        }
      }
      found.push_back(negative ? -value : value);
    }
    return found;
  }

 private:
  bool digit_at(std::size_t i) const { return i < text_.size() && is_digit(text_[i]); }

  /// Whether a number starts at `i`: with a digit, or with a point that stands before one (".5")
  /// and behind no digit, letter or point.
  bool starts_number(std::size_t i) const {
    if (digit_at(i)) return true;
    if (text_[i] != '.' || !digit_at(i + 1)) return false;
    return i == 0 || (!is_word(text_[i - 1]) && text_[i - 1] != '.');
  }

  /// Whether the number that starts at `i` has a minus before it, with a currency sign in between
  /// or not.
  bool has_minus(std::size_t i) const {
    std::string_view before = text_.substr(0, i);
    for (const std::string_view currency : {"$", "€", "£", "¥"}) {
      if (before.ends_with(currency)) before.remove_suffix(currency.size());
    }
    if (!before.ends_with('-')) return false;
    return before.size() == 1 || !is_word(before[before.size() - 2]);
  }

  std::size_t digits_from(std::size_t i) const {
    std::size_t end = i;
    while (digit_at(end)) ++end;
    return end - i;
  }

  /// Groups of three digits after commas, where the digits before are one to three.
  void take_groups(std::string& digits) {
    if (digits.empty() || digits.size() > 3) return;
    while (at_ < text_.size() && text_[at_] == ',' && digits_from(at_ + 1) == 3) {
      digits += text_.substr(at_ + 1, 3);
      at_ += 4;
    }
  }

  /// The unsigned number at the current place, which moves behind it.
  double quantity() {
    std::string digits;
    while (digit_at(at_)) digits += text_[at_++];
    take_groups(digits);
    if (at_ < text_.size() && text_[at_] == '.' && digit_at(at_ + 1)) {
      digits += text_[at_++];
      while (digit_at(at_)) digits += text_[at_++];
    }
    double value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The place behind the first "answer" that is followed by ':' or by the word "is", or npos.
std::size_t after_answer(std::string_view text) {
  constexpr std::string_view spaces = " \t\n\r\f\v";
  constexpr std::string_view word = "answer";
  const std::string small = lower_ascii(text);
  for (std::size_t i = small.find(word); i != std::string::npos; i = small.find(word, i + 1)) {
    const std::size_t end = i + word.size();
    const std::size_t next = small.find_first_not_of(spaces, end);
    if (next == std::string::npos) break;
    const std::size_t after_is = next + 2;
    const bool is =
        next > end && small.compare(next, 2, "is") == 0 &&
        (after_is == small.size() || (!is_word(small[after_is]) && small[after_is] != '_'));
    if (small[next] == ':') return next + 1;
    if (is) return after_is;
  }
  return std::string::npos;
}

/// `text` before the first line that opens a further question, or all of it. That is what a model
/// goes on with that repeats its prompt's form.
std::string_view before_next_question(std::string_view text) {
  constexpr std::string_view word = "question";
  constexpr std::string_view decoration = " \t*#";
  const std::string small = lower_ascii(text);
  for (std::size_t i = small.find(word); i != std::string::npos; i = small.find(word, i + 1)) {
    const std::string_view before = std::string_view(small).substr(0, i);
    const std::size_t line = before.find_last_not_of(decoration);
    const std::size_t next = small.find_first_not_of(" \t*0123456789", i + word.size());
    const bool opens = line == std::string_view::npos || before[line] == '\n';
    if (opens && next != std::string::npos && small[next] == ':') return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::optional<double> find_number(std::string_view text) {
  const std::string_view own = before_next_question(text);
  if (!Scanner(own).numbers().empty()) text = own;
  constexpr std::string_view mark = "####";
  const std::size_t marked = text.find(mark);
  const std::size_t places[] = {marked == std::string_view::npos ? marked : marked + mark.size(),
                                after_answer(text)};
  for (const std::size_t place : places) {
    if (place == std::string_view::npos) continue;
    const std::vector<double> after = Scanner(text.substr(place)).numbers();
    if (!after.empty()) return after.front();
  }
  const std::vector<double> all = Scanner(text).numbers();
  if (all.empty()) return std::nullopt;
  return all.back();
}

std::string number_text(double number) {
  if (std::abs(number) < whole_below && number == std::trunc(number)) {
    return fmt::format("{}", static_cast<long long>(number));
  }
  return fmt::format("{}", number);
}

}  // namespace austeer
