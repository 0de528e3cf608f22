#include "text/normalizer.hpp"

#include <cstddef>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "text/unicode.hpp"

namespace austeer {

// The trie is that of the Darts-clone library: a unit holds a label, an offset to its children, and
// whether a value stands among them.

namespace {

constexpr std::size_t max_charsmap_grapheme = 6;  // longer ones are looked up by their characters

[[noreturn]] void refuse_charsmap(const std::string& place, std::string_view what) {
  throw FormatError(
      {fmt::format("[tokenizer] {}: precompiled_charsmap: {}", place, what), "", "", ""});
}

std::string from_base64(std::string_view text, const std::string& place) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  int waiting = 0;
  for (const char letter : text) {
    const std::size_t digit = digits.find(letter);
    if (digit == std::string_view::npos) refuse_charsmap(place, "not base64");
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    waiting += 6;
    if (waiting < 8) continue;
    waiting -= 8;
    bytes += static_cast<char>((bits >> waiting) & 0xFF);
  }
  return bytes;
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return number;
}

bool has_value(std::uint32_t unit) { return (unit >> 8 & 1) != 0; }
std::uint32_t value_of(std::uint32_t unit) { return unit & 0x7FFFFFFF; }
std::uint32_t label_of(std::uint32_t unit) { return unit & 0x800000FF; }
std::uint32_t offset_of(std::uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

}  // namespace

Charsmap::Charsmap(std::string_view base64, const std::string& place) : place_(place) {
  const std::string bytes = from_base64(base64, place);
  constexpr std::size_t unit_bytes = sizeof(std::uint32_t);
  if (bytes.size() < unit_bytes) refuse_charsmap(place, "no size stands in front");
  const std::uint32_t trie_bytes = little_endian(bytes);
  if (trie_bytes == 0 || trie_bytes % unit_bytes != 0 || trie_bytes > bytes.size() - unit_bytes) {
    refuse_charsmap(place, fmt::format("a trie of {} bytes in {}", trie_bytes, bytes.size()));
  }
  std::string_view rest = std::string_view(bytes).substr(unit_bytes);
  for (std::size_t at = 0; at < trie_bytes; at += unit_bytes) {
    units_.push_back(little_endian(rest.substr(at)));
  }
  texts_ = rest.substr(trie_bytes);
  if (valid_utf8_prefix(texts_) < texts_.size()) refuse_charsmap(place, "its texts are not UTF-8");
}

std::optional<std::string_view> Charsmap::replacement(std::string_view text) const {
  std::size_t node = offset_of(units_[0]);
  for (const char byte : text) {
    const auto label = static_cast<unsigned char>(byte);
    node ^= label;
    if (label == 0 || node >= units_.size() || label_of(units_[node]) != label) return std::nullopt;
    const std::uint32_t unit = units_[node];
    node ^= offset_of(unit);
    if (!has_value(unit)) continue;
    if (node >= units_.size()) return std::nullopt;
    const std::size_t start = value_of(units_[node]);
    if (start >= texts_.size()) return std::nullopt;
    // A table that points into a character would make text that is not UTF-8.
    if ((static_cast<unsigned char>(texts_[start]) & 0xC0) == 0x80) return std::nullopt;
    const std::string_view found = std::string_view(texts_).substr(start);
    return found.substr(0, found.find('\0'));
  }
  return std::nullopt;
}

std::string Charsmap::apply(std::string_view text, std::size_t max_bytes) const {
  std::string result;
  const auto append = [&](std::string_view part) {
    if (part.size() > max_bytes - result.size()) {
      refuse_charsmap(place_, fmt::format("it makes a text longer than {} bytes", max_bytes));
    }
    result += part;
  };
  std::size_t begin = 0;
  for (const std::size_t end : grapheme_ends(text)) {
    const std::string_view grapheme = text.substr(begin, end - begin);
    begin = end;
    const auto whole =
        grapheme.size() < max_charsmap_grapheme ? replacement(grapheme) : std::nullopt;
    if (whole) {
      append(*whole);
      continue;
    }
    std::size_t length = 0;
    for (std::size_t at = 0; at < grapheme.size(); at += length) {
      length = code_point_at(grapheme, at).length;
      const std::string_view character = grapheme.substr(at, length);
      append(replacement(character).value_or(character));
    }
  }
  return result;
}

void Normalizer::add_form(NormalForm form) { steps_.emplace_back(form); }

void Normalizer::add_replacement(Regex pattern, std::string content) {
  steps_.emplace_back(Replacement{std::move(pattern), std::move(content)});
}

void Normalizer::add_prefix(std::string prefix) { steps_.emplace_back(std::move(prefix)); }

void Normalizer::add_bert(BertNormalization options) { steps_.emplace_back(options); }

void Normalizer::add_charsmap(Charsmap table) { steps_.emplace_back(std::move(table)); }

std::string Normalizer::apply(std::string_view text) const {
  const std::size_t max_bytes = grown_limit(text.size());
  std::string result(text);
  for (const auto& step : steps_) {
    result = std::visit([&](const auto& one) { return apply_step(one, result, max_bytes); }, step);
  }
  return result;
}

std::string Normalizer::apply_step(NormalForm form, const std::string& text, std::size_t) {
  return normalise(text, form);
}

std::string Normalizer::apply_step(const Replacement& step, const std::string& text,
                                   std::size_t max_bytes) {
  return step.pattern.replace_all(text, step.content, max_bytes);
}

std::string Normalizer::apply_step(const Prefix& prefix, const std::string& text, std::size_t) {
  return text.empty() ? text : prefix + text;
}

std::string Normalizer::apply_step(const BertNormalization& options, const std::string& text,
                                   std::size_t) {
  return bert_normalise(text, options);
}

std::string Normalizer::apply_step(const Charsmap& table, const std::string& text,
                                   std::size_t max_bytes) {
  return table.apply(text, max_bytes);
}

}  // namespace austeer
