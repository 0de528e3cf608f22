#include "tensors/gguf_metadata.hpp"

#include <array>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/names.hpp"

namespace austeer {
namespace {

struct TypeInfo {
  std::string_view name;
  std::uint64_t size;  ///< bytes of a scalar, least bytes of a text or array
};

/// Indexed by GgufType.
constexpr std::array<TypeInfo, 13> type_infos = {{{"u8", 1},
                                                  {"i8", 1},
                                                  {"u16", 2},
                                                  {"i16", 2},
                                                  {"u32", 4},
                                                  {"i32", 4},
                                                  {"f32", 4},
                                                  {"bool", 1},
                                                  {"text", 8},
                                                  {"array", 12},
                                                  {"u64", 8},
                                                  {"i64", 8},
                                                  {"f64", 8}}};
constexpr int max_nesting = 4;

const TypeInfo& info(GgufType type) { return type_infos[static_cast<std::size_t>(type)]; }

GgufType read_type(GgufCursor& cursor, const std::string& key) {
  const auto number = cursor.number<std::uint32_t>("value type");
  if (number >= type_infos.size()) {
    cursor.refuse(fmt::format("the type of '{}'", key), fmt::format("below {}", type_infos.size()),
                  std::to_string(number));
  }
  return static_cast<GgufType>(number);
}

/// Steps over `count` values of `type`; the depth is bounded by max_nesting.
void skip(GgufCursor& cursor, GgufType type, std::uint64_t count, const std::string& key,
          int nesting) {
  if (type == GgufType::text) {
    for (std::uint64_t i = 0; i < count; ++i) cursor.text("text");
  } else if (type == GgufType::array) {
    if (nesting == max_nesting) {
      cursor.refuse(fmt::format("the arrays of '{}' are nested deeper than {}", key, max_nesting));
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      const GgufType element = read_type(cursor, key);
      skip(cursor, element, cursor.count(info(element).size, "array length"), key, nesting + 1);
    }
  } else {
    cursor.take(count * info(type).size, "value");  // no overflow: counts are bounded by the file
  }
}

GgufValue read_value(GgufCursor& cursor, const std::string& key) {
  GgufValue value{};
  value.type = value.element = read_type(cursor, key);
  value.count = 1;
  if (value.type == GgufType::array) {
    value.element = read_type(cursor, key);
    value.count = cursor.count(info(value.element).size, "array length");
  }
  const std::uint64_t begin = cursor.offset();
  skip(cursor, value.element, value.count, key, 1);
  value.bytes = cursor.since(begin);
  return value;
}

template <typename T>
T load(std::string_view bytes, std::uint64_t index) {
  T value{};
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

/// A stored number as the asked type, or nothing where it is of another kind or out of range.
template <typename Wanted, typename Stored>
std::optional<Wanted> convert(Stored value) {
  if constexpr (std::is_same_v<Wanted, double>) {
    return static_cast<double>(value);
  } else if constexpr (std::integral<Stored>) {
    if (std::in_range<Wanted>(value)) return static_cast<Wanted>(value);
  }
  return std::nullopt;
}

template <typename Wanted>
std::optional<Wanted> number_at(const GgufValue& value, std::uint64_t index) {
  switch (value.element) {
    case GgufType::u8:
      return convert<Wanted>(load<std::uint8_t>(value.bytes, index));
    case GgufType::i8:
      return convert<Wanted>(load<std::int8_t>(value.bytes, index));
    case GgufType::u16:
      return convert<Wanted>(load<std::uint16_t>(value.bytes, index));
    case GgufType::i16:
      return convert<Wanted>(load<std::int16_t>(value.bytes, index));
    case GgufType::u32:
      return convert<Wanted>(load<std::uint32_t>(value.bytes, index));
    case GgufType::i32:
      return convert<Wanted>(load<std::int32_t>(value.bytes, index));
    case GgufType::u64:
      return convert<Wanted>(load<std::uint64_t>(value.bytes, index));
    case GgufType::i64:
      return convert<Wanted>(load<std::int64_t>(value.bytes, index));
    case GgufType::f32:
      return convert<Wanted>(load<float>(value.bytes, index));
    case GgufType::f64:
      return convert<Wanted>(load<double>(value.bytes, index));
    default:
      return std::nullopt;
  }
}

/// All elements as T, in one pass over the bytes; nothing where one of them is not a T.
template <typename T>
std::optional<std::vector<T>> elements(const GgufValue& value, const std::string& place) {
  std::vector<T> result;
  result.reserve(value.count);
  if constexpr (std::is_same_v<T, bool>) {
    if (value.element != GgufType::boolean) return std::nullopt;
    for (const char byte : value.bytes) {
      if (byte != 0 && byte != 1) return std::nullopt;
      result.push_back(byte == 1);
    }
  } else if constexpr (std::is_arithmetic_v<T>) {
    for (std::uint64_t i = 0; i < value.count; ++i) {
      const std::optional<T> number = number_at<T>(value, i);
      if (!number) return std::nullopt;
      result.push_back(*number);
    }
  } else {
    if (value.element != GgufType::text) return std::nullopt;
    GgufCursor cursor(value.bytes, place);
    for (std::uint64_t i = 0; i < value.count; ++i) result.emplace_back(cursor.text("text"));
  }
  return result;
}

template <typename T>
constexpr std::string_view kind_name() {
  if (std::is_same_v<T, bool>) return "true or false";
  if (std::is_same_v<T, std::int64_t>) return "a whole number";
  if (std::is_same_v<T, double>) return "a number";
  return "a text";
}

std::string describe(const GgufValue& value) {
  if (value.type != GgufType::array) return std::string(info(value.type).name);
  return fmt::format("array of {} {}", value.count, info(value.element).name);
}

template <typename T>
struct Shape {
  static constexpr bool is_list = false;
  using Element = T;
};
template <typename T>
struct Shape<std::vector<T>> {
  static constexpr bool is_list = true;
  using Element = T;
};

}  // namespace

GgufMetadata::GgufMetadata(GgufCursor& cursor, std::uint64_t count, std::string place)
    : place_(std::move(place)) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key(cursor.text("metadata key"));
    if (!values_.emplace(key, read_value(cursor, key)).second) {
      cursor.refuse(fmt::format("the key '{}' stands twice", key));
    }
  }
}

std::vector<std::string> GgufMetadata::keys() const {
  std::vector<std::string> result;
  for (const auto& [key, value] : values_) result.push_back(key);
  return result;
}

template <typename T>
T GgufMetadata::required(const std::string& key) const {
  using Element = typename Shape<T>::Element;
  const auto found = values_.find(key);
  if (found == values_.end()) {
    throw FormatError("gguf", fmt::format("{}: the metadata key '{}' is missing", place_, key),
                      suggestion(key, keys()));
  }
  const GgufValue& value = found->second;
  if (Shape<T>::is_list == (value.type == GgufType::array)) {
    std::optional<std::vector<Element>> result = elements<Element>(value, place_);
    if constexpr (Shape<T>::is_list) {
      if (result) return *std::move(result);
    } else {
      if (result) return Element(result->front());
    }
  }
  throw FormatError(
      {fmt::format("[gguf] {}: the metadata key '{}' has a wrong value", place_, key),
       fmt::format("{}{}", Shape<T>::is_list ? "an array, each " : "", kind_name<Element>()),
       describe(value), ""});
}

template bool GgufMetadata::required(const std::string&) const;
template std::int64_t GgufMetadata::required(const std::string&) const;
template double GgufMetadata::required(const std::string&) const;
template std::string GgufMetadata::required(const std::string&) const;
template std::vector<std::int64_t> GgufMetadata::required(const std::string&) const;
template std::vector<double> GgufMetadata::required(const std::string&) const;
template std::vector<std::string> GgufMetadata::required(const std::string&) const;
template std::vector<std::string_view> GgufMetadata::required(const std::string&) const;

}  // namespace austeer
