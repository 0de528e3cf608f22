#include "text/jinja_text.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/utf8.hpp"
#include "text/jinja_value.hpp"
#include "text/unicode.hpp"

namespace austeer::jinja {

namespace {

constexpr std::size_t text_end = std::string_view::npos;

/// What stands for a character that is stripped.
class Stripped {
 public:
  explicit Stripped(const std::optional<std::string>& characters) : chosen_(characters) {}

  bool contains(std::string_view text, std::size_t position, const CodePoint& point) const {
    if (!chosen_) return is_space(point.value);
    return chosen_->find(text.substr(position, point.length)) != text_end;
  }

 private:
  const std::optional<std::string>& chosen_;
};

/// Words with white space between them, at most `most` of them and then the rest.
std::vector<std::string> split_words(std::string_view text, std::int64_t most) {
  std::vector<std::string> words;
  for (text = strip(text, Ends::front); !text.empty(); text = strip(text, Ends::front)) {
    if (most == 0) {
      words.emplace_back(strip(text, Ends::back));
      break;
    }
    --most;
    std::size_t end = 0;
    while (end < text.size()) {
      const CodePoint point = code_point_at(text, end);
      if (is_space(point.value)) break;
      end += point.length;
    }
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::vector<std::string> split_words_from_end(std::string_view text, std::int64_t most) {
  std::vector<std::string> words;
  for (text = strip(text, Ends::back); !text.empty(); text = strip(text, Ends::back)) {
    if (most == 0) {
      words.emplace_back(strip(text, Ends::front));
      break;
    }
    --most;
    std::size_t start = text.size();
    while (start > 0) {
      const CodePoint point = code_point_before(text, start);
      if (is_space(point.value)) break;
      start -= point.length;
    }
    words.emplace_back(text.substr(start));
    text = text.substr(0, start);
  }
  std::ranges::reverse(words);
  return words;
}

}  // namespace

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = code_point_at(text, i).length;
    all.emplace_back(text.substr(i, bytes));
    i += bytes;
  }
  return all;
}

std::string_view strip(std::string_view text, Ends ends,
                       const std::optional<std::string>& characters) {
  const Stripped stripped(characters);
  while (ends != Ends::back && !text.empty()) {
    const CodePoint point = code_point_at(text, 0);
    if (!stripped.contains(text, 0, point)) break;
    text.remove_prefix(point.length);
  }
  while (ends != Ends::front && !text.empty()) {
    const CodePoint point = code_point_before(text, text.size());
    if (!stripped.contains(text, text.size() - point.length, point)) break;
    text.remove_suffix(point.length);
  }
  return text;
}

std::vector<std::string> split(std::string_view text, const std::optional<std::string>& separator,
                               std::int64_t most, bool from_end) {
  most = std::max<std::int64_t>(most, -1);
  if (!separator) return from_end ? split_words_from_end(text, most) : split_words(text, most);
  std::vector<std::string> parts;
  while (most != 0) {
    const std::size_t found = from_end ? text.rfind(*separator) : text.find(*separator);
    if (found == text_end) break;
    const std::size_t after = found + separator->size();
    parts.emplace_back(from_end ? text.substr(after) : text.substr(0, found));
    text = from_end ? text.substr(0, found) : text.substr(after);
    --most;
  }
  parts.emplace_back(text);
  if (from_end) std::ranges::reverse(parts);
  return parts;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    const char32_t c = point.value;
    std::size_t end = i + point.length;
    const bool breaks = (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 ||
                        c == 0x2028 || c == 0x2029;
    if (breaks) {
      lines.emplace_back(text.substr(start, i - start));
      if (c == '\r' && end < text.size() && text[end] == '\n') ++end;
      start = end;
    }
    i = end;
  }
  if (start < text.size()) lines.emplace_back(text.substr(start));
  return lines;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t found = text.find(part); found != text_end;
       found = text.find(part, found + part.size())) {
    ++count;
  }
  return count;
}

std::string replace(std::string_view text, std::string_view old, std::string_view by,
                    std::int64_t most) {
  most = std::max<std::int64_t>(most, -1);
  std::string result;
  std::size_t at = 0;
  if (old.empty()) {
    for (; most != 0; --most) {
      result += by;
      if (at == text.size()) break;
      const std::size_t bytes = code_point_at(text, at).length;
      result += text.substr(at, bytes);
      at += bytes;
    }
    return result.append(text.substr(at));
  }
  for (; most != 0; --most) {
    const std::size_t found = text.find(old, at);
    if (found == text_end) break;
    result.append(text.substr(at, found - at)).append(by);
    at = found + old.size();
  }
  return result.append(text.substr(at));
}

std::string capitalize(std::string_view text) {
  if (text.empty()) return "";
  const std::size_t first = code_point_at(text, 0).length;
  return title_case(text.substr(0, first)) + lower_case(text.substr(first));
}

std::string title(std::string_view text) {
  constexpr std::string_view brackets = "-({[<";
  std::string result;
  std::size_t start = 0;
  const auto end_word = [&](std::size_t end) {
    if (end == start) return;
    const std::size_t first = code_point_at(text, start).length;
    result += upper_case(text.substr(start, first));
    result += lower_case(text.substr(start + first, end - start - first));
  };
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    if (is_space(point.value) || (point.length == 1 && brackets.find(text[i]) != text_end)) {
      end_word(i);
      result += text.substr(i, point.length);
      start = i + point.length;
    }
    i += point.length;
  }
  end_word(text.size());
  return result;
}

std::string quoted_text(std::string_view text) {
  const bool has_single = text.find('\'') != text_end;
  const char quote = has_single && text.find('"') == text_end ? '"' : '\'';
  std::string result(1, quote);
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    const auto value = static_cast<unsigned>(point.value);
    if (point.value == U'\\' || point.value == static_cast<char32_t>(quote)) {
      result += '\\';
      result += static_cast<char>(value);
    } else if (value == '\n' || value == '\r' || value == '\t') {
      result += value == '\n' ? "\\n" : value == '\r' ? "\\r" : "\\t";
    } else if (value < 0x20 || value == 0x7F) {
      result += fmt::format("\\x{:02x}", value);
    } else if (value < 0x7F || is_printable(point.value)) {
      result += text.substr(i, point.length);
    } else if (value < 0x100) {
      result += fmt::format("\\x{:02x}", value);
    } else {
      result += value < 0x10000 ? fmt::format("\\u{:04x}", value) : fmt::format("\\U{:08x}", value);
    }
    i += point.length;
  }
  return result + quote;
}

// tojson: values as json.dumps writes them, which is the tojson of transformers, not Jinja's own.

namespace {

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Budget& budget) : style_(style), budget_(budget) {}

  void write(const Value& value, std::size_t level) {
    budget_.take_steps();
    if (value.is<None>()) return add("null");
    if (const bool* flag = value.get<bool>()) return add(*flag ? "true" : "false");
    if (const auto* whole = value.get<std::int64_t>()) return add(std::to_string(*whole));
    if (const double* number = value.get<double>()) return add(json_number(*number));
    if (const std::string* text = value.text()) return write_text(*text);
    if (const Dict* dict = value.dict()) return write_dict(*dict, level);
    const Sequence* sequence = value.sequence();
    if (sequence == nullptr ||
        (sequence->kind != SequenceKind::list && sequence->kind != SequenceKind::tuple)) {
      throw Problem{fmt::format("tojson: {} cannot be written as JSON", kind_name(value))};
    }
    if (sequence->items.empty()) return add("[]");
    add("[");
    for (std::size_t i = 0; i < sequence->items.size(); ++i) {
      separate(i == 0, level + 1);
      write(sequence->items[i], level + 1);
    }
    close("]", level);
  }

  std::string take() { return std::move(text_); }

 private:
  void add(std::string_view part) {
    budget_.take_bytes(part.size());
    text_ += part;
  }

  static std::string json_number(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    return number_text(number);
  }

  void separate(bool first, std::size_t level) {
    if (!first) add(style_.item_separator);
    if (style_.indent < 0) return;
    add("\n");
    add(std::string(level * static_cast<std::size_t>(style_.indent), ' '));
  }

  void close(std::string_view bracket, std::size_t level) {
    separate(true, level);
    add(bracket);
  }

  /// Keys are texts in JSON, numbers and None too.
  std::string key_text(const Value& key) const {
    if (const std::string* text = key.text()) return *text;
    if (key.is<None>()) return "null";
    if (const bool* flag = key.get<bool>()) return *flag ? "true" : "false";
    if (const auto* whole = key.get<std::int64_t>()) return std::to_string(*whole);
    if (const double* number = key.get<double>()) return json_number(*number);
    throw Problem{fmt::format("tojson: {} cannot be a key of JSON", kind_name(key))};
  }

  void write_dict(const Dict& dict, std::size_t level) {
    if (dict.entries.empty()) return add("{}");
    std::vector<const std::pair<Value, Value>*> entries;
    for (const auto& entry : dict.entries) entries.push_back(&entry);
    if (style_.sort_keys) {
      std::ranges::stable_sort(
          entries, [&](const auto* a, const auto* b) { return less(a->first, b->first, budget_); });
    }
    add("{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      separate(i == 0, level + 1);
      write_text(key_text(entries[i]->first));
      add(style_.key_separator);
      write(entries[i]->second, level + 1);
    }
    close("}", level);
  }

  void write_escape(char32_t unit) { add(fmt::format("\\u{:04x}", static_cast<unsigned>(unit))); }

  void write_character(std::string_view bytes, char32_t value) {
    if (value == '"' || value == '\\') {
      add(value == '"' ? "\\\"" : "\\\\");
    } else if (const std::size_t found = std::string_view("\b\t\n\f\r").find(bytes);
               found != std::string_view::npos) {
      add(std::string{'\\', "btnfr"[found]});
    } else if (value < 0x20) {
      write_escape(value);
    } else if (value < 0x7F || !style_.ascii) {
      add(bytes);
    } else if (value < 0x10000) {
      write_escape(value);
    } else {
      write_escape(0xD800 + ((value - 0x10000) >> 10));
      write_escape(0xDC00 + ((value - 0x10000) & 0x3FF));
    }
  }

  void write_text(std::string_view text) {
    add("\"");
    for (std::size_t i = 0; i < text.size();) {
      const CodePoint point = code_point_at(text, i);
      write_character(text.substr(i, point.length), point.value);
      i += point.length;
    }
    add("\"");
  }

  const JsonStyle& style_;
  Budget& budget_;
  std::string text_;
};

}  // namespace

std::string to_json(const Value& value, const JsonStyle& style, Budget& budget) {
  JsonWriter writer(style, budget);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace austeer::jinja
