// The dictionary is Python source, of which exactly what NumPy writes is read: three keys, plain
// literals, no nesting.
#include "tensors/npy.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "tensors/checked.hpp"

namespace austeer {
namespace {

constexpr std::string_view npy_magic = "\x93NUMPY";
constexpr std::size_t npy_max_rank = 64;  // what ATen's iterators carry

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 5> dtypes = {
    {{"<f2", at::kHalf},
     {"<f4", at::kFloat},
     {"<f8", at::kDouble},
     {"<i4", at::kInt},
     {"<i8", at::kLong}}};

/// Reads the dictionary from left to right; every step refuses what it does not expect.
class Dictionary {
 public:
  Dictionary(std::string_view text, const std::string& place) : rest_(text), place_(place) {}

  NpyHeader read() {
    expect('{');
    while (!accept('}')) {
      read_entry(quoted());
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (!rest_.empty()) refuse("nothing after the dictionary", rest_);
    if (!dtype_ || !order_ || !shape_) refuse("the keys descr, fortran_order and shape", "fewer");
    NpyHeader header;
    header.dtype = *dtype_;
    header.fortran_order = *order_;
    header.shape = std::move(*shape_);
    return header;
  }

 private:
  void read_entry(std::string_view key) {
    expect(':');
    if (key == "descr" && !dtype_) {
      dtype_ = dtype();
    } else if (key == "fortran_order" && !order_) {
      order_ = boolean();
    } else if (key == "shape" && !shape_) {
      shape_ = tuple();
    } else {
      refuse("the keys descr, fortran_order and shape, each once", key);
    }
  }

  at::ScalarType dtype() {
    skip_spaces();
    if (!rest_.starts_with('\'') && !rest_.starts_with('"')) {
      refuse("one element type (no structured array)", rest_);
    }
    const std::string_view name = quoted();
    for (const auto& [known, type] : dtypes) {
      if (name == known) return type;
    }
    refuse("an element type of <f2, <f4, <f8, <i4, <i8 (little-endian numbers)", name);
  }

  bool boolean() {
    skip_spaces();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    refuse("True or False", rest_);
  }

  /// "()", "(3,)", "(3, 4)", "(3, 4,)"; one number without a comma is no tuple.
  std::vector<std::int64_t> tuple() {
    expect('(');
    std::vector<std::int64_t> sizes;
    bool comma = true;
    while (!accept(')')) {
      if (!comma) refuse("',' or ')' in the shape", rest_);
      if (sizes.size() == npy_max_rank) {
        refuse(fmt::format("at most {} dimensions", npy_max_rank), "more");
      }
      sizes.push_back(size());
      comma = accept(',');
    }
    if (sizes.size() == 1 && !comma) refuse("a tuple as the shape", "one number in brackets");
    return sizes;
  }

  std::int64_t size() {
    skip_spaces();
    std::int64_t value = 0;
    const char* end = rest_.data() + rest_.size();
    const auto [stop, error] = std::from_chars(rest_.data(), end, value);
    if (error != std::errc() || value < 0) refuse("a size from 0 to 2^63 - 1", rest_);
    rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
    return value;
  }

  std::string_view quoted() {
    skip_spaces();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = rest_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) {
      refuse("a text in quotes", rest_);
    }
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool accept(char letter) {
    skip_spaces();
    if (!rest_.starts_with(letter)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char letter) {
    if (!accept(letter)) refuse(fmt::format("'{}'", letter), rest_);
  }

  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
  }

  [[noreturn]] void refuse(std::string expected, std::string_view found) const {
    throw FormatError(
        {fmt::format("[npy] {}: the header is not one of an array of numbers", place_),
         std::move(expected), found.empty() ? "its end" : fmt::format("'{}'", found.substr(0, 40)),
         ""});
  }

  std::string_view rest_;
  const std::string& place_;
  std::optional<at::ScalarType> dtype_;
  std::optional<bool> order_;
  std::optional<std::vector<std::int64_t>> shape_;
};

[[noreturn]] void refuse_npy(const std::string& place, std::string_view what, std::string expected,
                             std::string found) {
  throw FormatError(
      {fmt::format("[npy] {}: {}", place, what), std::move(expected), std::move(found), ""});
}

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

/// The dictionary's text, and where it begins.
std::pair<std::string_view, std::size_t> dictionary_text(std::string_view bytes,
                                                         const std::string& place) {
  if (!bytes.starts_with(npy_magic)) {
    refuse_npy(place, "this is no .npy array", "a file that begins with \\x93NUMPY", "other bytes");
  }
  const std::string_view version = bytes.substr(npy_magic.size(), 2);
  if (version.size() < 2 || version[0] < 1 || version[0] > 3 || version[1] != 0) {
    refuse_npy(place, "the version of the .npy format", "1.0, 2.0 or 3.0",
               version.size() < 2 ? "the file's end"
                                  : fmt::format("{}.{}", static_cast<unsigned char>(version[0]),
                                                static_cast<unsigned char>(version[1])));
  }
  const std::size_t start = npy_magic.size() + 2 + (version[0] == 1 ? 2 : 4);
  if (bytes.size() < start) refuse_npy(place, "the file is truncated", "a header", "its end");
  const std::size_t length =
      little_endian(bytes.substr(npy_magic.size() + 2, start - npy_magic.size() - 2));
  const std::size_t room = std::min(max_npy_header, bytes.size()) - start;
  if (length > room) {
    refuse_npy(place, "the header's length is wrong or the file is truncated",
               fmt::format("at most {}", room), std::to_string(length));
  }
  return {bytes.substr(start, length), start};
}

}  // namespace

NpyHeader parse_npy_header(std::string_view bytes, const std::string& place) {
  const auto [text, start] = dictionary_text(bytes, place);
  NpyHeader header = Dictionary(text, place).read();
  const auto elements = checked_elements(header.shape);
  const auto size =
      elements ? checked_product(*elements, c10::elementSize(header.dtype)) : std::nullopt;
  if (!size) {
    refuse_npy(place, "impossible shape", "sizes whose product fits 64 bits",
               fmt::format("({})", fmt::join(header.shape, ", ")));
  }
  header.data_start = start + text.size();
  header.data_size = *size;
  return header;
}

}  // namespace austeer
