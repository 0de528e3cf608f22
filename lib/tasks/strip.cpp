// White space at the ends of a text: a table of the characters, compared byte by byte.
#include "tasks/strip.hpp"

#include <algorithm>
#include <array>

namespace austeer {
namespace {

using namespace std::string_view_literals;

// Each white space character as its UTF-8 bytes. None can be the tail of another character, since
// every one starts with a lead byte; so comparing bytes is safe at either end.
constexpr std::array white_space = {
    "\t"sv,           "\n"sv,           "\v"sv,           "\f"sv,           "\r"sv,
    "\x1c"sv,         "\x1d"sv,         "\x1e"sv,         "\x1f"sv,         " "sv,
    "\xc2\x85"sv,     "\xc2\xa0"sv,     "\xe1\x9a\x80"sv, "\xe2\x80\x80"sv, "\xe2\x80\x81"sv,
    "\xe2\x80\x82"sv, "\xe2\x80\x83"sv, "\xe2\x80\x84"sv, "\xe2\x80\x85"sv, "\xe2\x80\x86"sv,
    "\xe2\x80\x87"sv, "\xe2\x80\x88"sv, "\xe2\x80\x89"sv, "\xe2\x80\x8a"sv, "\xe2\x80\xa8"sv,
    "\xe2\x80\xa9"sv, "\xe2\x80\xaf"sv, "\xe2\x81\x9f"sv, "\xe3\x80\x80"sv};

template <typename Matches>
std::size_t white_space_size(const Matches& matches) {
  const auto found = std::find_if(white_space.begin(), white_space.end(), matches);
  return found == white_space.end() ? 0 : found->size();
}

}  // namespace

std::string_view stripped(std::string_view text) {
  const auto opens = [&](std::string_view space) { return text.starts_with(space); };
  const auto closes = [&](std::string_view space) { return text.ends_with(space); };
  while (const std::size_t size = white_space_size(opens)) text.remove_prefix(size);
  while (const std::size_t size = white_space_size(closes)) text.remove_suffix(size);
  return text;
}

std::string_view first_word(std::string_view text) {
  std::size_t end = 0;
  const auto opens = [&](std::string_view space) { return text.substr(end).starts_with(space); };
  while (end < text.size() && white_space_size(opens) == 0) ++end;
  return text.substr(0, end);
}

}  // namespace austeer
