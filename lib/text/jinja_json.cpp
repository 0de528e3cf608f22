// tojson: values as json.dumps writes them, which is the tojson of transformers, not Jinja's own.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/utf8.hpp"
#include "text/jinja_value.hpp"

namespace austeer::jinja {
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
