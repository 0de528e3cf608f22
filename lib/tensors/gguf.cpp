#include "tensors/gguf.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "base/file_kind.hpp"
#include "base/suggest.hpp"
#include "tensors/checked.hpp"
#include "tensors/checkpoint.hpp"
#include "tensors/gguf_split.hpp"

namespace austeer {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are mapped as they lie on disk");

constexpr std::string_view gguf_magic = "GGUF";
constexpr std::uint32_t gguf_max_rank = 4;
constexpr std::int64_t default_alignment = 32;
// The least that one description takes in the file, for checking counts.
constexpr std::uint64_t least_tensor_bytes = 8 + 4 + 4 + 8;  // name, rank, type, offset
constexpr std::uint64_t least_metadata_bytes = 8 + 4 + 1;    // key, type, value

void check_version(GgufCursor& cursor) {
  if (cursor.take(gguf_magic.size(), "magic") != gguf_magic) cursor.refuse("not a GGUF file");
  const auto version = cursor.number<std::uint32_t>("version");
  if (version == 2 || version == 3) return;
  const bool swapped = version != 0 && (version & 0xFFFF) == 0;
  cursor.refuse("the GGUF version is not supported", "2 or 3, little endian",
                swapped ? "big endian" : std::to_string(version));
}

std::uint64_t read_alignment(const GgufMetadata& metadata, GgufCursor& cursor) {
  const auto alignment = metadata.optional<std::int64_t>("general.alignment", default_alignment);
  if (alignment <= 0 || alignment > std::int64_t{1} << 32 ||
      !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    cursor.refuse("general.alignment", "a power of two", std::to_string(alignment));
  }
  return static_cast<std::uint64_t>(alignment);
}

/// The dimensions, which stand in the file with the contiguous one first.
std::vector<std::int64_t> read_shape(GgufCursor& cursor, const std::string& name) {
  const auto rank = cursor.number<std::uint32_t>("rank");
  if (rank > gguf_max_rank) {
    cursor.refuse(fmt::format("the rank of '{}'", name), fmt::format("at most {}", gguf_max_rank),
                  std::to_string(rank));
  }
  std::vector<std::int64_t> shape(rank);
  for (auto size = shape.rbegin(); size != shape.rend(); ++size) {
    *size = cursor.number<std::int64_t>("dimension");
  }
  return shape;
}

GgufTensor read_tensor(GgufCursor& cursor, const std::string& name, const std::string& place) {
  GgufTensor tensor{};
  tensor.shape = read_shape(cursor, name);
  const auto type = cursor.number<std::uint32_t>("tensor type");
  tensor.format = &block_format(type, fmt::format("{}: tensor '{}'", place, name));
  tensor.offset = cursor.number<std::uint64_t>("tensor offset");

  const std::string shape = fmt::format("[{}]", fmt::join(tensor.shape, ", "));
  const auto elements = checked_elements(tensor.shape);
  const std::int64_t width = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (!elements || width % tensor.format->block_elements != 0) {
    cursor.refuse(fmt::format("impossible shape of '{}'", name),
                  fmt::format("sizes that fit 64 bits, the last a multiple of {}",
                              tensor.format->block_elements),
                  shape);
  }
  const auto size =
      checked_product(*elements / static_cast<std::uint64_t>(tensor.format->block_elements),
                      static_cast<std::uint64_t>(tensor.format->block_bytes));
  if (!size) cursor.refuse(fmt::format("impossible shape of '{}'", name), "", shape);
  tensor.size = *size;
  return tensor;
}

/// Every tensor must lie aligned within the data section of `data_size` bytes.
void check_ranges(const GgufHeader& header, std::uint64_t alignment, std::uint64_t data_size,
                  const GgufCursor& cursor) {
  for (const auto& [name, tensor] : header.tensors) {
    if (tensor.offset % alignment != 0) {
      cursor.refuse(fmt::format("the offset of '{}'", name),
                    fmt::format("a multiple of {}", alignment), std::to_string(tensor.offset));
    }
    const auto end = checked_sum(tensor.offset, tensor.size);
    if (!end || *end > data_size) {
      cursor.refuse(fmt::format("the data of '{}' reach past the end of the file", name),
                    fmt::format("at most {} bytes of data", data_size),
                    fmt::format("{} bytes at {}", tensor.size, tensor.offset));
    }
  }
}

GgufHeader checked_gguf_header(std::string_view bytes, const std::filesystem::path& file) {
  expect_file_kind(file, bytes, FileKind::gguf);
  return parse_gguf_header(bytes, file.string());
}

}  // namespace

GgufHeader parse_gguf_header(std::string_view bytes, const std::string& place) {
  GgufCursor cursor(bytes, place);
  check_version(cursor);
  const std::uint64_t tensors = cursor.count(least_tensor_bytes, "number of tensors");
  const std::uint64_t pairs = cursor.count(least_metadata_bytes, "number of metadata keys");
  GgufHeader header{GgufMetadata(cursor, pairs, place), {}, 0};
  const std::uint64_t alignment = read_alignment(header.metadata, cursor);
  for (std::uint64_t i = 0; i < tensors; ++i) {
    const std::string name(cursor.text("tensor name"));
    if (!header.tensors.emplace(name, read_tensor(cursor, name, place)).second) {
      cursor.refuse(fmt::format("the tensor '{}' stands twice", name));
    }
  }
  const std::uint64_t padded = (cursor.offset() + alignment - 1) / alignment * alignment;
  header.data_start = std::min<std::uint64_t>(padded, bytes.size());
  check_ranges(header, alignment, bytes.size() - header.data_start, cursor);
  return header;
}

GgufFile::Part::Part(const std::filesystem::path& file)
    : mapped(std::make_shared<MappedFile>(file)),
      header(checked_gguf_header(mapped->text(), file)) {}

GgufFile::GgufFile(const std::filesystem::path& file) : path_(file) {
  Part named(file);
  const auto paths = gguf_part_paths(file, named.header.metadata);
  for (const auto& path : paths) {
    parts_.push_back(path.filename() == file.filename() ? std::move(named) : Part(path));
  }
  if (parts_.size() > 1) {
    std::vector<const GgufHeader*> headers;
    for (const Part& part : parts_) headers.push_back(&part.header);
    check_gguf_parts(paths, headers);
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    for (const auto& [name, tensor] : parts_[i].header.tensors) {
      if (part_of_.emplace(name, i).second) continue;
      throw FormatError("gguf", fmt::format("{}: the tensor '{}' stands in another part too",
                                            paths[i].string(), name));
    }
  }
}

std::vector<std::string> GgufFile::names() const {
  std::vector<std::string> result;
  for (const auto& [name, part] : part_of_) result.push_back(name);
  return result;
}

const GgufFile::Part& GgufFile::part_of(const std::string& name) const {
  const auto found = part_of_.find(name);
  if (found == part_of_.end()) {
    throw FormatError("gguf", fmt::format("{}: there is no tensor '{}'", path().string(), name),
                      suggestion(name, names()));
  }
  return parts_[found->second];
}

const GgufTensor& GgufFile::find(const std::string& name) const {
  return part_of(name).header.tensors.at(name);
}

at::Tensor GgufFile::load(const std::string& name, at::ScalarType dtype) const {
  const GgufTensor& tensor = find(name);
  return load_range(name, 0, tensor.size, tensor.shape, dtype);
}

at::Tensor GgufFile::load_slice(const std::string& name, std::int64_t index,
                                at::ScalarType dtype) const {
  const GgufTensor& tensor = find(name);
  const std::string what = fmt::format("[gguf] {}: '{}' has no such slice", path().string(), name);
  if (tensor.shape.size() < 2) {
    throw FormatError({what, "at least 2 dimensions", std::to_string(tensor.shape.size()), ""});
  }
  const std::int64_t slices = tensor.shape.front();
  if (index < 0 || index >= slices) {
    throw FormatError({what, fmt::format("an index below {}", slices), std::to_string(index), ""});
  }
  // Whole rows lie in whole blocks, so the slices are equally long.
  const std::uint64_t size = tensor.size / static_cast<std::uint64_t>(slices);
  return load_range(name, static_cast<std::uint64_t>(index) * size, size,
                    {tensor.shape.begin() + 1, tensor.shape.end()}, dtype);
}

at::Tensor GgufFile::load_range(const std::string& name, std::uint64_t offset, std::uint64_t size,
                                const std::vector<std::int64_t>& shape,
                                at::ScalarType dtype) const {
  const Part& part = part_of(name);
  const GgufTensor& tensor = part.header.tensors.at(name);
  std::byte* data = part.mapped->bytes().data() + part.header.data_start + tensor.offset + offset;
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % c10::elementSize(dtype) == 0;
  if (size > 0 && tensor.format->plain == dtype && aligned) {
    return at::from_blob(
        data, shape, [keep = part.mapped](void*) {}, dtype);
  }
  at::Tensor result = at::empty(shape, dtype);
  dequantise(*tensor.format, {data, size}, result);
  return result;
}

std::string GgufFile::fingerprint() const {
  Sha256 hash;
  for (const Part& part : parts_) {
    const std::string_view file = part.mapped->text();
    add_file_header(hash, file, part.header.data_start);
    for (const auto& [name, tensor] : part.header.tensors) {
      add_tensor_samples(hash, file.substr(part.header.data_start + tensor.offset, tensor.size));
    }
  }
  return hash.hex();
}

}  // namespace austeer
