// Reading: nothing in the header is believed before it is checked against the file's size.
#include "tensors/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>

#include "base/file_kind.hpp"
#include "base/json.hpp"
#include "tensors/checked.hpp"
#include "tensors/fingerprint.hpp"
#include "tensors/safetensors_dtype.hpp"
#include "tensors/unique_keys.hpp"

namespace austeer {
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

}  // namespace austeer
