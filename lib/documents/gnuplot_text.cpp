#include "documents/gnuplot_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/utf8.hpp"

namespace austeer {
namespace {

bool is_harmless(char letter) {
  constexpr std::string_view punctuation = " .,:;()+-=/%_<>!?*|";
  const auto byte = static_cast<unsigned char>(letter);
  return byte >= 0x80 || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || punctuation.find(letter) != std::string_view::npos;
}

/// Valid UTF-8 with spaces for control characters.
std::string one_line(std::string_view text) {
  std::string line = repair_utf8(text);
  for (char& letter : line) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = ' ';
  }
  return line;
}

std::string escape_inside(std::string_view line) {
  std::string escaped;
  for (const char letter : line) {
    escaped += is_harmless(letter) ? std::string(1, letter)
                                   : fmt::format("\\{:03o}", static_cast<unsigned char>(letter));
  }
  return escaped;
}

}  // namespace

std::size_t text_length(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size(); at += code_point_at(text, at).length) ++length;
  return length;
}

std::string short_text(std::string_view text, std::size_t limit) {
  std::string line = one_line(text);
  if (text_length(line) <= limit) return line;
  std::size_t end = 0;
  for (std::size_t i = 0; i + 1 < limit; ++i) end += code_point_at(line, end).length;
  return line.substr(0, end) + "\u2026";
}

std::string gnuplot_text(std::string_view text) {
  return "\"" + escape_inside(one_line(text)) + "\"";
}

std::string gnuplot_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "\\n") + escape_inside(one_line(line));
  }
  return "\"" + text + "\"";
}

std::string gnuplot_tick(std::string_view text, std::size_t width) {
  std::string doubled;
  for (const char letter : text) {
    doubled += letter;
    if (letter == '%') doubled += letter;
  }
  return gnuplot_text(wrapped(doubled, width));
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  const std::string line = one_line(text);
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    const std::string word = line.substr(at, end - at);
    std::string& last = lines.back();
    if (!last.empty() && text_length(last) + 1 + text_length(word) > width) {
      lines.push_back(word);
    } else {
      last += (last.empty() ? "" : " ") + word;
    }
    at = std::min(end + 1, line.size());
  }
  return lines;
}

std::vector<std::string> balanced(std::string_view text, std::size_t width) {
  std::vector<std::string> lines = wrapped(text, width);
  for (std::size_t narrow = width - 1; narrow > 0; --narrow) {
    std::vector<std::string> shorter = wrapped(text, narrow);
    if (shorter.size() > lines.size()) break;
    lines = std::move(shorter);
  }
  return lines;
}

}  // namespace austeer
