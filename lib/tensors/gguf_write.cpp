#include "tensors/gguf_write.hpp"

#include "base/files.hpp"
#include "tensors/gguf_metadata.hpp"

namespace austeer {
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

}  // namespace austeer
