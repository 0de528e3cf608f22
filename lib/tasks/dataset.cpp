// Reading a dataset file: what all formats share (UTF-8, empty files), and the JSON formats.
#include "tasks/dataset.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <string_view>

#include "base/data_json.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/scan.hpp"
#include "base/utf8.hpp"
#include "tasks/metrics.hpp"
#include "tasks/record_files.hpp"

namespace austeer {

// Fingerprints of items and pairs.

namespace {

constexpr std::string_view end_of_text("\0", 1);

}  // namespace

std::string pairs_fingerprint(std::span<const Pair> pairs) {
  Sha256 hash;
  for (const Pair& pair : pairs) {
    hash.update(pair.positive).update(end_of_text).update(pair.negative).update(end_of_text);
  }
  return hash.hex();
}

std::string answers_fingerprint(std::span<const Pair> pairs) {
  Sha256 hash;
  for (const Pair& pair : pairs) {
    for (const std::size_t begin : {pair.positive_answer, pair.negative_answer}) {
      hash.update(std::to_string(begin)).update(end_of_text);
    }
  }
  return hash.hex();
}

std::string prompts_fingerprint(std::span<const Item> items) {
  Sha256 hash;
  for (const Item& item : items) {
    hash.update(item.prompt).update(end_of_text).update(item.gold).update(end_of_text);
    for (const std::string& gold : item.other_golds) hash.update(gold).update(end_of_text);
  }
  return hash.hex();
}

// Parsing and checking split expressions.

namespace {

[[noreturn]] void refuse(std::string_view expression) {
  throw UsageError({fmt::format("[split] '{}' is not a split", expression),
                    "a name, or a name and a range of items, such as train, train[:600], "
                    "train[600:] or train[100:200]",
                    "", ""});
}

/// The number that `digits` spells out, nothing where there are none.
std::optional<std::size_t> bound(std::string_view digits, std::string_view expression) {
  if (digits.empty()) return std::nullopt;
  const auto value = parse_number<std::size_t>(digits);
  if (!value) refuse(expression);
  return value;
}

}  // namespace

Split parse_split(std::string_view expression) {
  const std::size_t opening = expression.find('[');
  Split split{std::string(expression), std::string(expression.substr(0, opening)), 0, {}};
  if (split.name.empty()) refuse(expression);
  if (opening == std::string_view::npos) return split;

  const std::string_view range = expression.substr(opening + 1);
  const std::size_t colon = range.find(':');
  if (colon == std::string_view::npos || !range.ends_with(']')) refuse(expression);
  split.first = bound(range.substr(0, colon), expression).value_or(0);
  split.last = bound(range.substr(colon + 1, range.size() - colon - 2), expression);
  return split;
}

std::pair<std::size_t, std::size_t> split_range(const Split& split, std::size_t count) {
  const std::size_t last = split.last.value_or(count);
  if (last > count || split.first >= count) {
    throw UsageError("split", fmt::format("'{}' reaches beyond the data: '{}' has {} items",
                                          split.expression, split.name, count));
  }
  if (split.first >= last) {
    throw UsageError("split", fmt::format("'{}' holds no item ('{}' has {})", split.expression,
                                          split.name, count));
  }
  return {split.first, last};
}

namespace {

using Path = std::filesystem::path;
using Reader = std::function<std::vector<Record>(std::string_view text, const Path& file)>;

void refuse_invalid_utf8(std::string_view text, const Path& file) {
  const std::size_t valid = valid_utf8_prefix(text);
  if (valid == text.size()) return;
  const auto line = 1 + std::ranges::count(text.substr(0, valid), '\n');
  throw FormatError({fmt::format("[dataset] {}:{}: not UTF-8", file.string(), line), "",
                     fmt::format("the byte 0x{:02X}", static_cast<unsigned char>(text[valid])),
                     "Convert the file to UTF-8, for example with iconv"});
}

/// `where` is what follows the file's name in a place: ":12" or ": item 3".
Record record_from(Json object, const Path& file, const std::string& where) {
  if (!object.is_object()) {
    throw FormatError({fmt::format("[dataset] {}{}: not a record", file.string(), where),
                       "an object", object.type_name(), ""});
  }
  return {file.filename().string() + where, std::move(object)};
}

std::vector<Record> read_jsonl(std::string_view text, const Path& file) {
  std::vector<Record> records;
  const std::string name = file.string();
  for_each_json_line(text, name, [&](const Json& value, const std::string& place) {
    records.push_back(record_from(value, file, place.substr(name.size())));
  });
  return records;
}

const Json& only_list(const Json& document, const Path& file) {
  if (document.is_array()) return document;
  const Json* found = nullptr;
  std::size_t lists = 0;
  if (document.is_object()) {
    for (const auto& [key, value] : document.items()) {
      if (!value.is_array()) continue;
      found = &value;
      ++lists;
    }
  }
  if (lists != 1) {
    throw FormatError({fmt::format("[dataset] {}: no list of records", file.string()),
                       "a list of objects, or an object that holds exactly one list",
                       document.is_object() ? fmt::format("an object with {} lists", lists)
                                            : document.type_name(),
                       ""});
  }
  return *found;
}

std::vector<Record> read_json_list(std::string_view text, const Path& file) {
  const Json document = parse_data_json(text, file.string());
  std::vector<Record> records;
  for (const Json& element : only_list(document, file)) {
    records.push_back(record_from(element, file, fmt::format(": item {}", records.size() + 1)));
  }
  return records;
}

Reader reader_for(const Path& file, std::optional<char> separator) {
  const std::string extension = file.extension().string();
  if (extension == ".jsonl") return read_jsonl;
  if (extension == ".json") return read_json_list;
  if (extension == ".xml") return read_copa_xml;
  if (extension == ".tsv" && !separator) separator = '\t';
  if (extension == ".csv" || extension == ".tsv") {
    return [separator](std::string_view text, const Path& csv) {
      return read_csv(text, csv, separator);
    };
  }
  throw FormatError({fmt::format("[dataset] {}: not a dataset format that is known", file.string()),
                     "a name that ends with .jsonl, .json, .csv, .tsv or .xml", "", ""});
}

}  // namespace

std::vector<Record> read_records(const Path& file, std::optional<char> separator) {
  const Reader reader = reader_for(file, separator);
  const std::string bytes = read_file(file);
  std::string_view text = bytes;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the byte order mark
  refuse_invalid_utf8(text, file);
  std::vector<Record> records;
  if (!stripped(text).empty()) records = reader(text, file);
  if (records.empty()) {
    throw FormatError("dataset", fmt::format("{}: the file holds no records", file.string()));
  }
  return records;
}

}  // namespace austeer
