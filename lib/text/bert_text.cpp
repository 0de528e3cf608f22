#include "text/bert_text.hpp"

#include "base/utf8.hpp"
#include "text/unicode.hpp"

namespace austeer {
namespace {

constexpr char32_t replacement = 0xFFFD;

bool is_ideograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) ||
         (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_ascii_punctuation(char32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

bool is_ascii_space(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The three control characters that cleaning takes for white space; the others are dropped.
bool is_spacing_control(char32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

bool is_dropped(char32_t c) {
  if (c < 0x80) return (c < 0x20 && !is_spacing_control(c)) || c == 0x7F;
  return c == replacement || is_control_or_format(c);
}

bool is_space(char32_t c) { return c < 0x80 ? is_ascii_space(c) : is_white_space(c); }

template <typename Change>
std::string changed(std::string_view text, const Change& change) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    change(point.value, text.substr(position, point.length), result);
    position += point.length;
  }
  return result;
}

std::string cleaned(std::string_view text, const BertNormalization& options) {
  return changed(text, [&](char32_t c, std::string_view bytes, std::string& result) {
    if (options.clean_text && is_dropped(c)) return;
    if (options.clean_text && is_space(c)) {
      result += ' ';
    } else if (options.space_chinese && c >= 0x80 && is_ideograph(c)) {
      result.append(1, ' ').append(bytes).append(1, ' ');
    } else {
      result += bytes;
    }
  });
}

std::string without_accents(std::string_view text) {
  return changed(normalise(text, NormalForm::nfd),
                 [](char32_t c, std::string_view bytes, std::string& result) {
                   if (c < 0x80 || !is_nonspacing_mark(c)) result += bytes;
                 });
}

std::string lowered(std::string_view text) {
  return changed(text, [](char32_t c, std::string_view, std::string& result) {
    if (c < 0x80) {
      result += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    } else {
      append_lower_case(result, c);
    }
  });
}

}  // namespace

bool is_bert_punctuation(char32_t c) {
  return c < 0x80 ? is_ascii_punctuation(c) : is_punctuation(c);
}

std::string bert_normalise(std::string_view text, const BertNormalization& options) {
  std::string result = cleaned(text, options);
  if (options.strip_accents) result = without_accents(result);
  return options.lowercase ? lowered(result) : result;
}

void append_bert_words(std::string_view text, std::vector<std::string_view>& words) {
  std::size_t begin = 0;
  std::size_t position = 0;
  const auto end_word = [&] {
    if (position > begin) words.push_back(text.substr(begin, position - begin));
  };
  while (position < text.size()) {
    const CodePoint point = code_point_at(text, position);
    const bool mark = is_bert_punctuation(point.value);
    if (mark || is_space(point.value)) {
      end_word();
      if (mark) words.push_back(text.substr(position, point.length));
      begin = position + point.length;
    }
    position += point.length;
  }
  end_word();
}

}  // namespace austeer
