// Writing: the header first, then each tensor in pieces, so that no second copy of a large tensor
// ever stands in memory.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/json.hpp"
#include "tensors/safetensors.hpp"
#include "tensors/safetensors_dtype.hpp"

namespace austeer {
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
