// ICU's C interface, which is all that is needed and keeps its ABI between distributions.
#include "text/unicode.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>
#include <vector>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace austeer {
namespace {

void check(UErrorCode status, std::string_view step) {
  if (U_SUCCESS(status) || status == U_BUFFER_OVERFLOW_ERROR) return;
  throw ComputeError("tokenizer",
                     std::string("Unicode ") + std::string(step) + ": " + u_errorName(status));
}

// `tokenizers` normalises by the tables of Unicode 9; what is newer passes through it unchanged,
// and models were trained on ids made so.
constexpr std::u16string_view known_characters = u"[:age=9.0:]";

/// The set of characters that `pattern` describes; kept for the life of the process.
const USet* open_set(std::u16string_view pattern) {
  UErrorCode status = U_ZERO_ERROR;
  USet* set = uset_openPattern(pattern.data(), static_cast<std::int32_t>(pattern.size()), &status);
  check(status, "character data");
  uset_freeze(set);
  return set;
}

const UNormalizer2* make_instance(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* whole = form == NormalForm::nfc    ? unorm2_getNFCInstance(&status)
                              : form == NormalForm::nfd  ? unorm2_getNFDInstance(&status)
                              : form == NormalForm::nfkc ? unorm2_getNFKCInstance(&status)
                                                         : unorm2_getNFKDInstance(&status);
  check(status, "normalisation data");
  const UNormalizer2* filtered = unorm2_openFiltered(whole, open_set(known_characters), &status);
  check(status, "normalisation data");
  return filtered;
}

/// Made on first use, kept for the life of the process.
const UNormalizer2* instance(NormalForm form) {
  static const UNormalizer2* instances[] = {
      make_instance(NormalForm::nfc), make_instance(NormalForm::nfd),
      make_instance(NormalForm::nfkc), make_instance(NormalForm::nfkd)};
  return instances[static_cast<std::size_t>(form)];
}

std::vector<UChar> to_utf16(std::string_view text) {
  std::vector<UChar> wide(text.size() + 1);  // UTF-16 never has more units than UTF-8 has bytes
  UErrorCode status = U_ZERO_ERROR;
  std::int32_t length = 0;
  u_strFromUTF8(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
  check(status, "conversion");
  wide.resize(static_cast<std::size_t>(length));
  return wide;
}

std::string to_utf8(const std::vector<UChar>& wide) {
  std::string text(wide.size() * 3, '\0');
  UErrorCode status = U_ZERO_ERROR;
  std::int32_t length = 0;
  u_strToUTF8(text.data(), static_cast<std::int32_t>(text.size()), &length, wide.data(),
              static_cast<std::int32_t>(wide.size()), &status);
  check(status, "conversion");
  text.resize(static_cast<std::size_t>(length));
  return text;
}

using CaseMapping = std::int32_t (*)(UChar*, std::int32_t, const UChar*, std::int32_t, UErrorCode*);

std::string in_case(std::string_view text, CaseMapping mapping) {
  if (text.empty()) return "";
  const std::vector<UChar> source = to_utf16(text);
  std::vector<UChar> result(source.size() * 3 + 1);  // no character becomes more than three
  UErrorCode status = U_ZERO_ERROR;
  const std::int32_t length =
      mapping(result.data(), static_cast<std::int32_t>(result.size()), source.data(),
              static_cast<std::int32_t>(source.size()), &status);
  check(status, "change of case");
  result.resize(static_cast<std::size_t>(length));
  return to_utf8(result);
}

bool is_ascii(std::string_view text) {
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) >= 0x80) return false;
  }
  return true;
}

}  // namespace

bool is_white_space(char32_t value) { return u_isUWhiteSpace(static_cast<UChar32>(value)) != 0; }

bool is_word_character(char32_t value) {
  const auto point = static_cast<UChar32>(value);
  return u_hasBinaryProperty(point, UCHAR_ALPHABETIC) != 0 ||
         u_hasBinaryProperty(point, UCHAR_JOIN_CONTROL) != 0 ||
         (U_GET_GC_MASK(point) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
}

bool is_control_or_format(char32_t value) {
  static const USet* set = open_set(u"[[[:Cc:][:Cf:][:Co:]]&[:age=8.0:]]");
  return uset_contains(set, static_cast<UChar32>(value)) != 0;
}

bool is_nonspacing_mark(char32_t value) {
  // Four characters became marks later, and one ceased to be one that takes no space.
  static const USet* set =
      open_set(u"[[[:Mn:]&[:age=8.0:]]-[\\u1885\\u1886\\uA9BD\\U000111C9][\\u1734]]");
  return uset_contains(set, static_cast<UChar32>(value)) != 0;
}

bool is_punctuation(char32_t value) {
  // Two characters ceased to be punctuation later.
  static const USet* set = open_set(u"[[[:P:]&[:age=8.0:]][\\u166D\\U000111C9]]");
  return uset_contains(set, static_cast<UChar32>(value)) != 0;
}

void append_lower_case(std::string& text, char32_t value) {
  constexpr char32_t capital_i_with_dot = 0x130;
  constexpr char32_t dot_above = 0x307;
  if (value == capital_i_with_dot) {
    text += 'i';
    append_utf8(text, dot_above);
  } else {
    append_utf8(text, static_cast<char32_t>(u_tolower(static_cast<UChar32>(value))));
  }
}

std::string upper_case(std::string_view text) {
  return in_case(
      text, [](UChar* to, std::int32_t room, const UChar* from, std::int32_t count,
               UErrorCode* status) { return u_strToUpper(to, room, from, count, "", status); });
}

std::string lower_case(std::string_view text) {
  return in_case(
      text, [](UChar* to, std::int32_t room, const UChar* from, std::int32_t count,
               UErrorCode* status) { return u_strToLower(to, room, from, count, "", status); });
}

std::string title_case(std::string_view text) {
  return in_case(text, [](UChar* to, std::int32_t room, const UChar* from, std::int32_t count,
                          UErrorCode* status) {
    return u_strToTitle(to, room, from, count, nullptr, "", status);
  });
}

bool is_printable(char32_t value) {
  const auto point = static_cast<UChar32>(value);
  constexpr std::uint32_t hidden = U_GC_C_MASK | U_GC_Z_MASK;
  return value == U' ' || (U_GET_GC_MASK(point) & hidden) == 0;
}

bool is_digit(char32_t value) {
  const int type = u_getIntPropertyValue(static_cast<UChar32>(value), UCHAR_NUMERIC_TYPE);
  return type == U_NT_DECIMAL || type == U_NT_DIGIT;
}

std::string normalise(std::string_view text, NormalForm form) {
  if (is_ascii(text)) return std::string(text);
  if (text.size() > std::numeric_limits<std::int32_t>::max() / 32) {
    throw ComputeError("tokenizer", "a text of more than 64 MiB cannot be normalised",
                       "Split it into several texts");
  }
  const std::vector<UChar> source = to_utf16(text);
  const UNormalizer2* normaliser = instance(form);
  std::vector<UChar> result(source.size() + 16);
  for (int attempt = 0; attempt < 2; ++attempt) {
    UErrorCode status = U_ZERO_ERROR;
    const std::int32_t length =
        unorm2_normalize(normaliser, source.data(), static_cast<std::int32_t>(source.size()),
                         result.data(), static_cast<std::int32_t>(result.size()), &status);
    check(status, "normalisation");
    const bool fitted = status != U_BUFFER_OVERFLOW_ERROR;
    result.resize(static_cast<std::size_t>(length));
    if (fitted) break;
  }
  return to_utf8(result);
}

std::vector<std::size_t> grapheme_ends(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UBreakIterator, decltype(&ubrk_close)> breaks(
      ubrk_open(UBRK_CHARACTER, "root", nullptr, 0, &status), &ubrk_close);
  const std::unique_ptr<UText, decltype(&utext_close)> opened(
      utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status),
      &utext_close);
  check(status, "grapheme clusters");
  ubrk_setUText(breaks.get(), opened.get(), &status);
  check(status, "grapheme clusters");
  std::vector<std::size_t> ends;
  ubrk_first(breaks.get());
  for (auto end = ubrk_next(breaks.get()); end != UBRK_DONE; end = ubrk_next(breaks.get())) {
    ends.push_back(static_cast<std::size_t>(end));
  }
  return ends;
}

}  // namespace austeer
