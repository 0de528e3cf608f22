#include "tensors/gguf.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <system_error>

#include "base/error.hpp"
#include "base/file_kind.hpp"
#include "base/files.hpp"
#include "base/names.hpp"
#include "base/scan.hpp"
#include "tensors/checkpoint.hpp"
#include "tensors/gguf_metadata.hpp"
#include "tensors/header_checks.hpp"

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

namespace {

constexpr std::uint32_t version = 3;
constexpr std::size_t alignment = 32;
constexpr std::uint32_t f32_tensor = 0;

/// Little endian, as the machines are that austeer runs on.
template <typename Number>
void append_number(std::string& bytes, Number value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& bytes, const std::string& text) {
  append_number(bytes, static_cast<std::uint64_t>(text.size()));
  bytes += text;
}

void append_value(std::string& bytes, const GgufScalar& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    append_number(bytes, static_cast<std::uint32_t>(GgufType::text));
    append_text(bytes, *text);
  } else {
    append_number(bytes, static_cast<std::uint32_t>(GgufType::u32));
    append_number(bytes, std::get<std::uint32_t>(value));
  }
}

std::uint64_t aligned(std::uint64_t size) { return (size + alignment - 1) / alignment * alignment; }

}  // namespace

void write_gguf(const std::filesystem::path& file,
                const std::vector<std::pair<std::string, GgufScalar>>& metadata,
                const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
  std::string bytes = "GGUF";
  append_number(bytes, version);
  append_number(bytes, static_cast<std::uint64_t>(tensors.size()));
  append_number(bytes, static_cast<std::uint64_t>(metadata.size()));
  for (const auto& [key, value] : metadata) {
    append_text(bytes, key);
    append_value(bytes, value);
  }
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    append_text(bytes, name);
    append_number(bytes, static_cast<std::uint32_t>(tensor.dim()));
    for (std::int64_t dim = tensor.dim() - 1; dim >= 0; --dim) {  // the fastest one first
      append_number(bytes, static_cast<std::uint64_t>(tensor.size(dim)));
    }
    append_number(bytes, f32_tensor);
    append_number(bytes, offset);
    offset += aligned(static_cast<std::uint64_t>(tensor.numel()) * sizeof(float));
  }
  bytes.resize(aligned(bytes.size()));
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor dense = tensor.to(at::kCPU, at::kFloat).contiguous();
    bytes.append(static_cast<const char*>(dense.const_data_ptr()), dense.nbytes());
    bytes.resize(aligned(bytes.size()));
  }
  write_file(file, bytes);
}

namespace {

namespace fs = std::filesystem;

constexpr const char* split_number = "split.no";  // counts from 0
constexpr const char* split_count = "split.count";
constexpr const char* split_tensors = "split.tensors.count";
constexpr const char* architecture_key = "general.architecture";
constexpr std::int64_t most_parts = 99'999;  // names have five digits

std::string part_name(const std::string& stem, std::int64_t number, std::int64_t count) {
  return fmt::format("{}-{:05}-of-{:05}.gguf", stem, number, count);
}

[[noreturn]] void refuse_part(const fs::path& file, std::string_view what, std::string expected,
                              std::string found, std::string hint = {}) {
  throw FormatError({fmt::format("[gguf] {}: {}", file.string(), what), std::move(expected),
                     std::move(found), std::move(hint)});
}

/// The part's number, from 1.
std::int64_t number_of(const GgufMetadata& metadata, std::int64_t count, const fs::path& file) {
  const auto index = metadata.required<std::int64_t>(split_number);
  if (index < 0 || index >= count) {
    refuse_part(file, split_number, fmt::format("0 to {}", count - 1), std::to_string(index));
  }
  return index + 1;
}

std::int64_t count_of(const GgufMetadata& metadata, const fs::path& file) {
  const auto count = metadata.optional<std::int64_t>(split_count, 1);
  if (count < 0 || count > most_parts) {
    refuse_part(file, split_count, fmt::format("0 to {}", most_parts), std::to_string(count));
  }
  return std::max<std::int64_t>(count, 1);
}

/// Five digits as a number; 0 where they are none.
std::int64_t five_digits(std::string_view text) {
  return parse_number<std::uint32_t>(text).value_or(0);
}

void check_part(const fs::path& path, const GgufMetadata& metadata, std::int64_t number,
                const GgufMetadata& first, std::int64_t count) {
  const std::int64_t own_count = count_of(metadata, path);
  const std::int64_t own_number = own_count == count ? number_of(metadata, count, path) : 0;
  if (own_number != number) {
    refuse_part(path, "it is not the part that its name says",
                fmt::format("part {} of {}", number, count),
                own_count == count ? fmt::format("part {} of {}", own_number, count)
                                   : fmt::format("one of {}", own_count),
                "Do the parts come from the same download?");
  }
  for (const char* key : {architecture_key, "general.name"}) {
    if (!metadata.has(key) || !first.has(key)) continue;
    const auto expected = first.required<std::string>(key);
    const auto found = metadata.required<std::string>(key);
    if (found != expected) {
      refuse_part(path, fmt::format("{} differs from the first part's", key), expected, found,
                  "The parts are of different models");
    }
  }
}

}  // namespace

std::optional<GgufPartName> parse_gguf_part_name(const std::string& file_name) {
  constexpr std::size_t tail = std::string_view("-00001-of-00001.gguf").size();
  if (file_name.size() <= tail) return std::nullopt;
  const std::string_view end = std::string_view(file_name).substr(file_name.size() - tail);
  const GgufPartName name{file_name.substr(0, file_name.size() - tail),
                          five_digits(end.substr(1, 5)), five_digits(end.substr(10, 5))};
  const bool counts = name.number >= 1 && name.number <= name.count;
  if (!counts || part_name(name.stem, name.number, name.count) != file_name) return std::nullopt;
  return name;
}

std::vector<fs::path> gguf_part_paths(const fs::path& file, const GgufMetadata& metadata) {
  const std::int64_t count = count_of(metadata, file);
  if (count == 1) return {file};
  const std::int64_t number = number_of(metadata, count, file);
  const auto name = parse_gguf_part_name(file.filename());
  if (!name || name->number != number || name->count != count) {
    refuse_part(file,
                fmt::format("it is part {} of {} of a split model, which its name does not say",
                            number, count),
                part_name("NAME", number, count), file.filename(),
                "Give the parts the names that they were published under, in one folder");
  }
  std::vector<fs::path> paths;
  std::vector<std::string> missing;
  for (std::int64_t i = 1; i <= count; ++i) {
    paths.push_back(file.parent_path() / part_name(name->stem, i, count));
    std::error_code error;
    if (!fs::exists(paths.back(), error)) missing.push_back(paths.back().filename());
  }
  if (missing.empty()) return paths;
  const std::size_t more = missing.size() - std::min<std::size_t>(missing.size(), 5);
  missing.resize(missing.size() - more);
  throw FileError(
      "gguf",
      fmt::format("{} is part {} of {}; missing beside it: {}{}", file.string(), number, count,
                  fmt::join(missing, ", "), more > 0 ? fmt::format(" and {} more", more) : ""),
      "All parts must lie in one folder; was the download complete?");
}

void check_gguf_parts(const std::vector<fs::path>& paths,
                      const std::vector<const GgufHeader*>& headers) {
  const GgufMetadata& first = headers.front()->metadata;
  const auto count = static_cast<std::int64_t>(paths.size());
  std::int64_t tensors = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    check_part(paths[i], headers[i]->metadata, static_cast<std::int64_t>(i) + 1, first, count);
    tensors += static_cast<std::int64_t>(headers[i]->tensors.size());
  }
  const auto promised = first.optional<std::int64_t>(split_tensors, tensors);
  if (promised != tensors) {
    refuse_part(paths.front(), "its parts do not hold all tensors", std::to_string(promised),
                std::to_string(tensors), "Do the parts come from the same download?");
  }
}

}  // namespace austeer
