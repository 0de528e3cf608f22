// Reading: nothing in the header is believed before it is checked against the file's size.
#include "tensors/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <set>

#include "base/error.hpp"
#include "base/file_kind.hpp"
#include "base/json.hpp"
#include "tensors/checkpoint.hpp"
#include "tensors/header_checks.hpp"

namespace austeer {

namespace {

struct DtypeName {
  std::string_view name;
  at::ScalarType dtype;
};

constexpr std::array<DtypeName, 10> dtype_names = {{{"F64", at::kDouble},
                                                    {"F32", at::kFloat},
                                                    {"F16", at::kHalf},
                                                    {"BF16", at::kBFloat16},
                                                    {"I64", at::kLong},
                                                    {"I32", at::kInt},
                                                    {"I16", at::kShort},
                                                    {"I8", at::kChar},
                                                    {"U8", at::kByte},
                                                    {"BOOL", at::kBool}}};

std::string supported_names() {
  std::string list;
  for (const DtypeName& entry : dtype_names) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", entry.name);
  }
  return list;
}

}  // namespace

at::ScalarType safetensors_dtype(std::string_view name, const std::string& place) {
  for (const DtypeName& entry : dtype_names) {
    if (entry.name == name) return entry.dtype;
  }
  // What MLX, AWQ and GPTQ pack into, and 8-bit floats.
  const bool packed = name.starts_with("U") || name.starts_with("F8");
  throw FormatError("safetensors",
                    fmt::format("{}: the dtype {} is not supported; supported: {}", place,
                                name.substr(0, 32), supported_names()),
                    packed
                        ? "Weights of this type are quantised, and their scales stand elsewhere: "
                          "use a plain checkpoint, bitsandbytes' NF4, or a GGUF file"
                        : "");
}

std::string_view safetensors_dtype_name(at::ScalarType dtype) {
  for (const DtypeName& entry : dtype_names) {
    if (entry.dtype == dtype) return entry.name;
  }
  throw UsageError("safetensors",
                   fmt::format("tensors of dtype {} cannot be written; supported: {}",
                               c10::toString(dtype), supported_names()));
}

namespace {

static_assert(std::endian::native == std::endian::little, "tensors are mapped as they lie on disk");

constexpr std::uint64_t length_size = 8;
constexpr std::uint64_t max_header = 100'000'000;
constexpr std::size_t max_rank = 64;  // what ATen's iterators carry
constexpr std::string_view metadata_key = "__metadata__";

[[noreturn]] void refuse_safetensors(const std::string& place, std::string_view what,
                                     std::string expected = {}, std::string found = {}) {
  throw FormatError({fmt::format("[safetensors] {}: {}", place, what), std::move(expected),
                     std::move(found), ""});
}

std::string_view header_text(std::string_view bytes, const std::string& place) {
  if (bytes.size() < length_size) {
    refuse_safetensors(place, "the file is too short", "8 bytes of header length or more",
                       fmt::format("{} bytes", bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), length_size);
  const std::uint64_t room = std::min<std::uint64_t>(max_header, bytes.size() - length_size);
  if (length > room) {
    refuse_safetensors(place, "the header length is wrong or the file is truncated",
                       fmt::format("at most {}", room), std::to_string(length));
  }
  const std::string_view text = bytes.substr(length_size, length);
  if (!text.starts_with('{')) refuse_safetensors(place, "the header does not begin with '{'");
  return text;
}

std::map<std::string, std::string> read_metadata(const SortedJson& object,
                                                 const std::string& file) {
  const std::string place = fmt::format("{}: {}", file, metadata_key);
  require_object(object, place);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) metadata[key] = text_at(key, value, place);
  return metadata;
}

SafetensorsEntry read_entry(const Json& object, std::uint64_t data_size, const std::string& place) {
  Fields fields(object, place);
  SafetensorsEntry entry{};
  entry.dtype = safetensors_dtype(fields.required<std::string>("dtype"), place);
  entry.shape = fields.required<std::vector<std::int64_t>>("shape");
  const auto offsets = fields.required<std::vector<std::uint64_t>>("data_offsets");
  if (offsets.size() != 2)
    refuse_safetensors(place, "data_offsets", "two numbers", to_text(object));
  entry.begin = offsets[0];
  entry.end = offsets[1];

  const std::string shape = fmt::format("[{}]", fmt::join(entry.shape, ", "));
  if (entry.shape.size() > max_rank) {
    refuse_safetensors(place, "too many dimensions", fmt::format("at most {}", max_rank),
                       std::to_string(entry.shape.size()));
  }
  const auto elements = checked_elements(entry.shape);
  if (!elements)
    refuse_safetensors(place, "impossible shape", "sizes whose product fits 64 bits", shape);
  if (entry.begin > entry.end || entry.end > data_size) {
    refuse_safetensors(place, "data_offsets reach outside the file",
                       fmt::format("0 <= begin <= end <= {}", data_size),
                       fmt::format("[{}, {}]", entry.begin, entry.end));
  }
  const auto size = checked_product(*elements, c10::elementSize(entry.dtype));
  if (size != entry.end - entry.begin) {
    refuse_safetensors(place,
                       fmt::format("the shape {} of {} does not match its byte range", shape,
                                   safetensors_dtype_name(entry.dtype)),
                       size ? fmt::format("{} bytes", *size) : "a size that fits 64 bits",
                       fmt::format("{} bytes", entry.end - entry.begin));
  }
  return entry;
}

/// The format allows no holes and no overlaps: sorted by offset, each range begins where the one
/// before it ended, and the last one ends the file.
void check_coverage(const SafetensorsHeader& header, std::uint64_t data_size,
                    const std::string& place) {
  using Named = std::pair<const std::string, SafetensorsEntry>;
  std::vector<const Named*> ordered;
  for (const Named& named : header.tensors) ordered.push_back(&named);
  std::sort(ordered.begin(), ordered.end(), [](const Named* a, const Named* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  std::uint64_t covered = 0;
  for (const Named* named : ordered) {
    if (named->second.begin != covered) {
      refuse_safetensors(
          place,
          fmt::format("the tensor '{}' {} the data before it", named->first,
                      named->second.begin < covered ? "overlaps" : "leaves a hole after"),
          fmt::format("offset {}", covered), std::to_string(named->second.begin));
    }
    covered = named->second.end;
  }
  if (covered != data_size) {
    refuse_safetensors(place, "the tensors do not cover the file's data",
                       fmt::format("{} bytes", covered), fmt::format("{} bytes", data_size));
  }
}

SafetensorsHeader checked_safetensors_header(std::string_view bytes,
                                             const std::filesystem::path& file) {
  expect_file_kind(file, bytes, FileKind::safetensors);
  return parse_safetensors_header(bytes, file.string());
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view bytes, const std::string& place) {
  const std::string_view text = header_text(bytes, place);
  const SortedJson json = parse_unique_keys(text, place);

  SafetensorsHeader header;
  header.data_start = length_size + text.size();
  const std::uint64_t data_size = bytes.size() - header.data_start;
  for (const auto& [name, value] : json.items()) {
    if (name == metadata_key) {
      header.metadata = read_metadata(value, place);
    } else {
      const std::string tensor_place = fmt::format("{}: tensor '{}'", place, name);
      header.tensors.emplace(name, read_entry(Json(value), data_size, tensor_place));
    }
  }
  check_coverage(header, data_size, place);
  return header;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file)
    : mapped_(std::make_shared<MappedFile>(file)),
      header_(checked_safetensors_header(mapped_->text(), file)) {}

at::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const auto found = header_.tensors.find(name);
  if (found == header_.tensors.end()) {
    refuse_safetensors(path().string(), fmt::format("there is no tensor '{}'", name));
  }
  const SafetensorsEntry& entry = found->second;
  if (entry.begin == entry.end) return at::empty(entry.shape, entry.dtype);

  std::byte* data = mapped_->bytes().data() + header_.data_start + entry.begin;
  const std::size_t size = entry.end - entry.begin;
  if (entry.dtype == at::kBool &&
      std::any_of(data, data + size, [](std::byte value) { return value > std::byte{1}; })) {
    refuse_safetensors(path().string(), fmt::format("tensor '{}' of BOOL", name),
                       "bytes of 0 and 1");
  }
  if (reinterpret_cast<std::uintptr_t>(data) % c10::elementSize(entry.dtype) != 0) {
    at::Tensor copy = at::empty(entry.shape, entry.dtype);
    std::memcpy(copy.data_ptr(), data, size);
    return copy;
  }
  return at::from_blob(
      data, entry.shape, [keep = mapped_](void*) {}, entry.dtype);
}

void SafetensorsFile::add_fingerprint(Sha256& hash) const {
  const std::string_view file = mapped_->text();
  add_file_header(hash, file, header_.data_start);
  for (const auto& [name, entry] : header_.tensors) {
    add_tensor_samples(hash,
                       file.substr(header_.data_start + entry.begin, entry.end - entry.begin));
  }
}

// Writing: the header first, then each tensor in pieces, so that no second copy of a large tensor
// ever stands in memory.

namespace {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

constexpr std::int64_t piece_bytes = 16 << 20;
constexpr std::size_t header_alignment = 8;

std::string header_text(const NamedTensors& tensors,
                        const std::map<std::string, std::string>& metadata) {
  // Joined by hand: a Json object looks every key up among all others before it takes it.
  std::string text = "{";
  const auto add = [&text](const std::string& key, const Json& value) {
    text += fmt::format("{}{}:{}", text.size() > 1 ? "," : "", Json(key).dump(), value.dump());
  };
  if (!metadata.empty()) add("__metadata__", metadata);
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t end = offset + tensor.nbytes();
    add(name, {{"dtype", safetensors_dtype_name(tensor.scalar_type())},
               {"shape", tensor.sizes().vec()},
               {"data_offsets", {offset, end}}});
    offset = end;
  }
  text += '}';
  while (text.size() % header_alignment != 0) text += ' ';
  return text;
}

void check_writable(const NamedTensors& tensors) {
  std::set<std::string_view> seen;
  for (const auto& [name, tensor] : tensors) {
    if (name == "__metadata__" || !seen.insert(name).second) {
      throw UsageError("safetensors",
                       fmt::format("the name '{}' is reserved or stands twice", name));
    }
    if (!tensor.defined() || tensor.layout() != at::kStrided) {
      throw UsageError("safetensors", fmt::format("the tensor '{}' has no dense values", name));
    }
  }
}

void write_piece(AtomicFile& file, const at::Tensor& piece) {
  const at::Tensor dense = piece.cpu().contiguous();
  file.write({static_cast<const char*>(dense.const_data_ptr()), dense.nbytes()});
}

/// Splits along the outermost dimensions until the pieces are small.
void write_tensor(AtomicFile& file, const at::Tensor& tensor) {
  const auto size = static_cast<std::int64_t>(tensor.nbytes());
  if (size <= piece_bytes || tensor.dim() == 0) return write_piece(file, tensor);
  if (tensor.dim() > 1 && tensor.is_contiguous()) return write_tensor(file, tensor.view(-1));
  const std::int64_t rows = tensor.size(0);
  const std::int64_t rows_per_piece = piece_bytes / (size / rows);
  if (rows_per_piece == 0) {
    for (std::int64_t row = 0; row < rows; ++row) write_tensor(file, tensor.select(0, row));
    return;
  }
  for (std::int64_t row = 0; row < rows; row += rows_per_piece) {
    write_piece(file, tensor.narrow(0, row, std::min(rows_per_piece, rows - row)));
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  check_writable(tensors);
  std::string header;
  try {
    header = header_text(tensors, metadata);
  } catch (const Json::type_error& error) {
    throw UsageError("safetensors", fmt::format("{}: names and metadata must be UTF-8 ({})",
                                                file.string(), error.what()));
  }
  const std::uint64_t length = header.size();
  AtomicFile atomic(file);
  atomic.write({reinterpret_cast<const char*>(&length), sizeof length});
  atomic.write(header);
  for (const auto& [name, tensor] : tensors) write_tensor(atomic, tensor);
  atomic.commit();
}

}  // namespace austeer
