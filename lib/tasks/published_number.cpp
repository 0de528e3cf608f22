// The published rule, one step after the other: the cut, then the number.
#include "tasks/published_number.hpp"

#include <charconv>
#include <limits>
#include <string>

#include "tasks/strip.hpp"

namespace austeer {
namespace {

constexpr std::string_view number_mark = "####";

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

std::size_t decimals_from(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_decimal(text[end])) ++end;
  return end - at;
}

/// How many bytes the number at `at` has, its sign included; 0 where there is none.
std::size_t number_size(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (end < text.size() && (text[end] == '-' || text[end] == '+')) ++end;
  const std::size_t whole = decimals_from(text, end);
  if (whole == 0) return 0;
  end += whole;
  if (end < text.size() && text[end] == '.') {
    const std::size_t decimals = decimals_from(text, end + 1);
    if (decimals > 0) end += 1 + decimals;
  }
  return end - at;
}

double value_of(std::string_view number) {
  if (number.front() == '+') number.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec != std::errc::result_out_of_range) return value;
  const double infinity = std::numeric_limits<double>::infinity();
  return number.front() == '-' ? -infinity : infinity;
}

/// `text` up to the first `mark`, and of what begins there two words with a space between them.
std::string cut_behind(std::string_view text, std::string_view mark) {
  const std::size_t marked = text.find(mark);
  if (marked == std::string_view::npos) return std::string(text);
  std::string_view rest = text.substr(marked);
  const std::string_view first = first_word(rest);
  rest.remove_prefix(first.size());
  std::string cut(text.substr(0, marked));
  cut += first;
  const std::string_view second = first_word(stripped(rest));
  if (!second.empty()) cut.append(" ").append(second);
  return cut;
}

/// The number right behind the first "####" that has one there.
std::optional<double> marked_number(std::string_view text) {
  for (std::size_t i = text.find(number_mark); i != std::string_view::npos;
       i = text.find(number_mark, i + 1)) {
    const std::string_view behind = stripped(text.substr(i + number_mark.size()));
    const std::size_t size = number_size(behind, 0);
    if (size > 0) return value_of(behind.substr(0, size));
  }
  return std::nullopt;
}

std::optional<double> last_number(std::string_view text) {
  std::optional<double> last;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = number_size(text, i);
    if (size > 0) last = value_of(text.substr(i, size));
    i += size > 0 ? size : 1;
  }
  return last;
}

}  // namespace

std::optional<double> find_published_number(std::string_view text, std::string_view mark) {
  const std::string cut = cut_behind(text, mark);
  const std::optional<double> marked = marked_number(cut);
  return marked ? marked : last_number(cut);
}

bool number_match_published(std::string_view generated, std::string_view gold,
                            std::string_view mark) {
  const std::optional<double> found = find_published_number(generated, mark);
  const std::optional<double> right = find_published_number(gold, mark);
  return found && right && *found == *right;
}

}  // namespace austeer
