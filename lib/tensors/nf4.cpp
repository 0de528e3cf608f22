#include "tensors/nf4.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "tensors/header_checks.hpp"
#include "tensors/nf4_kernel.hpp"
#include "tensors/packed_matrix.hpp"

namespace austeer {
namespace {

constexpr std::string_view state_suffix = ".quant_state.bitsandbytes__nf4";
constexpr std::int64_t max_state_bytes = 1 << 16;
constexpr std::array<std::int64_t, 8> block_sizes = {32, 64, 128, 256, 512, 1024, 2048, 4096};
constexpr std::array<std::string_view, 3> state_dtypes = {"float32", "float16", "bfloat16"};
constexpr std::int64_t max_nested_block = 1 << 20;

class Nf4Matrix final : public PackedMatrix {
 public:
  explicit Nf4Matrix(Nf4Weights weights) : weights_(std::move(weights)) {}

  std::int64_t rows() const override { return weights_.rows; }
  std::int64_t columns() const override { return weights_.columns; }

  void unpack(std::int64_t first, std::int64_t count, at::Tensor& out) const override {
    const std::int64_t begin = first * weights_.columns;
    const std::int64_t end = begin + count * weights_.columns;
    if (weights_.packed.is_cpu()) {
      fill_in_pieces(out, 1, [&](std::int64_t offset, std::int64_t size, float* floats) {
        dequantise_nf4(weights_, begin + offset, begin + offset + size, floats);
      });
    } else {
      out.view(-1).copy_(dequantise_nf4(weights_, begin, end));
    }
  }

  std::vector<at::Tensor> parts() const override {
    std::vector<at::Tensor> parts = {weights_.packed, weights_.map, weights_.scales};
    if (weights_.nested) {
      parts.push_back(weights_.nested_map);
      parts.push_back(weights_.nested_scales);
    }
    return parts;
  }

  std::shared_ptr<const PackedMatrix> with_parts(std::vector<at::Tensor> parts) const override {
    Nf4Weights other = weights_;
    other.packed = parts.at(0);
    other.map = parts.at(1);
    other.scales = parts.at(2);
    if (weights_.nested) {
      other.nested_map = parts.at(3);
      other.nested_scales = parts.at(4);
    }
    return std::make_shared<Nf4Matrix>(std::move(other));
  }

 private:
  Nf4Weights weights_;
};

/// Reads the parts of one weight and checks each before it is used.
class Reader {
 public:
  Reader(const Checkpoint& checkpoint, const std::string& name)
      : checkpoint_(checkpoint), name_(name) {}

  Nf4Weights read() const {
    const Json state = read_state();
    Fields fields(state, place(std::string(state_suffix)));
    Nf4Weights weights;
    read_sizes(fields, weights);
    const std::int64_t elements = weights.rows * weights.columns;
    const std::int64_t blocks = (elements + weights.block - 1) / weights.block;
    weights.packed = packed((elements + 1) / 2);
    weights.map = part(".quant_map", at::kFloat, 16);
    weights.nested = checkpoint_.has(name_ + ".nested_absmax");
    weights.scales = part(".absmax", weights.nested ? at::kByte : at::kFloat, blocks);
    if (weights.nested) read_nested(fields, blocks, weights);
    return weights;
  }

 private:
  std::string place(const std::string& suffix) const {
    return fmt::format("[nf4] {}: tensor '{}{}'", checkpoint_.path().string(), name_, suffix);
  }

  [[noreturn]] void refuse(const std::string& suffix, const std::string& expected,
                           const std::string& found) const {
    throw FormatError({place(suffix) + " is not that of an NF4 weight", expected, found,
                       "The file is damaged or was not written by bitsandbytes"});
  }

  /// The part NAME`suffix`, flat.
  at::Tensor part(const std::string& suffix, at::ScalarType dtype, std::int64_t elements) const {
    if (!checkpoint_.has(name_ + suffix)) {
      throw FormatError({place(suffix) + " is missing", "", "", "The checkpoint is incomplete"});
    }
    const at::Tensor found = checkpoint_.stored(name_ + suffix);
    if (found.scalar_type() != dtype || found.numel() != elements) {
      refuse(suffix, fmt::format("{} numbers of {}", elements, at::toString(dtype)),
             fmt::format("{} numbers of {}", found.numel(), at::toString(found.scalar_type())));
    }
    return found.reshape({-1});
  }

  /// The packed bytes, which bitsandbytes can also store under another dtype.
  at::Tensor packed(std::int64_t bytes) const {
    const at::Tensor found = checkpoint_.stored(name_);
    if (static_cast<std::int64_t>(found.nbytes()) != bytes) {
      refuse("", fmt::format("{} bytes", bytes), fmt::format("{} bytes", found.nbytes()));
    }
    return found.reshape({-1}).view(at::kByte);
  }

  Json read_state() const {
    const std::string suffix(state_suffix);
    const at::Tensor bytes = checkpoint_.stored(name_ + suffix);
    if (bytes.scalar_type() != at::kByte || bytes.numel() > max_state_bytes) {
      refuse(suffix, fmt::format("at most {} bytes of text", max_state_bytes),
             fmt::format("{} numbers of {}", bytes.numel(), at::toString(bytes.scalar_type())));
    }
    const at::Tensor text = bytes.contiguous();
    return parse_json(
        {static_cast<const char*>(text.const_data_ptr()), static_cast<std::size_t>(text.numel())},
        place(suffix));
  }

  void read_sizes(Fields& fields, Nf4Weights& weights) const {
    if (fields.required<std::string>("quant_type") != "nf4") {
      fields.refuse("quant_type", "nf4", fields.value("quant_type"));
    }
    const auto shape = fields.required<std::vector<std::int64_t>>("shape");
    const auto elements = checked_elements(shape);
    // Half the range of a signed number, so that sums of an element's index and a block fit too.
    if (shape.size() != 2 || !elements || *elements == 0 || *elements >> 62 != 0) {
      fields.refuse("shape", "two positive sizes", fields.value("shape"));
    }
    const auto dtype = fields.required<std::string>("dtype");
    if (std::ranges::find(state_dtypes, dtype) == state_dtypes.end()) {
      fields.refuse("dtype", fmt::format("one of {}", fmt::join(state_dtypes, ", ")),
                    fields.value("dtype"));
    }
    weights.rows = shape[0];
    weights.columns = shape[1];
    weights.block = fields.required<std::int64_t>("blocksize");
    if (std::ranges::find(block_sizes, weights.block) == block_sizes.end()) {
      fields.refuse("blocksize", fmt::format("one of {}", fmt::join(block_sizes, ", ")),
                    fields.value("blocksize"));
    }
  }

  void read_nested(Fields& fields, std::int64_t blocks, Nf4Weights& weights) const {
    if (fields.required<std::string>("nested_dtype") != "float32") {
      fields.refuse("nested_dtype", "float32", fields.value("nested_dtype"));
    }
    weights.nested_block = fields.required<std::int64_t>("nested_blocksize");
    if (weights.nested_block < 1 || weights.nested_block > max_nested_block) {
      fields.refuse("nested_blocksize", fmt::format("1 to {}", max_nested_block),
                    fields.value("nested_blocksize"));
    }
    weights.nested_offset = static_cast<float>(fields.required<double>("nested_offset"));
    if (!std::isfinite(weights.nested_offset)) {
      fields.refuse("nested_offset", "a finite number", fields.value("nested_offset"));
    }
    const std::int64_t nested_blocks = (blocks + weights.nested_block - 1) / weights.nested_block;
    weights.nested_map = part(".nested_quant_map", at::kFloat, 256);
    weights.nested_scales = part(".nested_absmax", at::kFloat, nested_blocks);
  }

  const Checkpoint& checkpoint_;
  const std::string& name_;
};

[[noreturn]] void refuse_format(const Checkpoint& checkpoint, const std::string& name,
                                const std::string& format) {
  throw FormatError({fmt::format("[nf4] {}: the weight '{}' is in {}, which is not supported",
                                 checkpoint.path().string(), name, format),
                     "", "", "Use a checkpoint in NF4, or one that is not quantised"});
}

}  // namespace

bool is_nf4(const Checkpoint& checkpoint, const std::string& name) {
  if (checkpoint.has(name + std::string(state_suffix))) return true;
  if (checkpoint.has(name + ".quant_state.bitsandbytes__fp4")) {
    refuse_format(checkpoint, name, "bitsandbytes' FP4");
  }
  const std::string module = name.substr(0, name.rfind('.'));
  if (checkpoint.has(name + ".SCB") || checkpoint.has(module + ".SCB")) {
    refuse_format(checkpoint, name, "bitsandbytes' int8");
  }
  if (checkpoint.has(name + ".absmax")) {
    throw FormatError({fmt::format("[nf4] {}: the weight '{}' has scales but no '{}{}'",
                                   checkpoint.path().string(), name, name, state_suffix),
                       "", "", "The checkpoint is incomplete"});
  }
  return false;
}

std::shared_ptr<const PackedMatrix> load_nf4(const Checkpoint& checkpoint,
                                             const std::string& name) {
  return std::make_shared<Nf4Matrix>(Reader(checkpoint, name).read());
}

}  // namespace austeer
