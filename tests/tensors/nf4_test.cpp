// NF4 weights: equal to bitsandbytes bit for bit, the kernel equal to plain tensor operations, and
// refusals of what is damaged or of another format.

#include "tensors/nf4.hpp"

#include <gtest/gtest.h>
#include <map>

#include "base/error.hpp"
#include "reference.hpp"
#include "tensors/nf4_kernel.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

/// Whether both have the same bits; NaN and the sign of zero count.
bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  const at::ScalarType bits = a.element_size() == 4 ? at::kInt : at::kShort;
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         a.contiguous().view(bits).equal(b.contiguous().view(bits));
}

at::Tensor unpacked(const PackedMatrix& matrix, at::ScalarType dtype, std::int64_t first,
                    std::int64_t count) {
  at::Tensor out = at::full({count, matrix.columns()}, -7, dtype);
  matrix.unpack(first, count, out);
  return out;
}

class Nf4Reference : public ::testing::TestWithParam<const char*> {
 protected:
  const std::string name = GetParam();
  const SafetensorsFile expected = testing::reference_file("nf4/expected.safetensors");
  const std::unique_ptr<Checkpoint> checkpoint =
      open_safetensors_checkpoint(expected.path().parent_path());
};

TEST_P(Nf4Reference, EqualsBitsandbytesInEveryDtype) {
  ASSERT_TRUE(is_nf4(*checkpoint, name));
  const auto matrix = load_nf4(*checkpoint, name);
  for (const auto& [suffix, dtype] : std::map<std::string, at::ScalarType>{
           {".float32", at::kFloat}, {".bfloat16", at::kBFloat16}, {".float16", at::kHalf}}) {
    const at::Tensor wanted = expected.tensor(name + suffix);
    ASSERT_EQ(matrix->rows(), wanted.size(0));
    ASSERT_EQ(matrix->columns(), wanted.size(1));
    EXPECT_TRUE(same_bits(unpacked(*matrix, dtype, 0, matrix->rows()), wanted)) << suffix;
    for (std::int64_t first = 0; first < matrix->rows(); first += 3) {
      const std::int64_t count = std::min<std::int64_t>(2, matrix->rows() - first);
      EXPECT_TRUE(same_bits(unpacked(*matrix, dtype, first, count), wanted.narrow(0, first, count)))
          << suffix << ", row " << first;
    }
  }
}

TEST_P(Nf4Reference, StaysInFourBits) {
  const auto matrix = load_nf4(*checkpoint, name);
  const auto elements = static_cast<double>(matrix->rows() * matrix->columns());
  // Half a byte each, at most four bytes per block of 32 more, and tables of 16 and 256 numbers.
  std::size_t bytes = 0;
  for (const at::Tensor& part : matrix->parts()) bytes += part.nbytes();
  EXPECT_LE(static_cast<double>(bytes), elements * (0.5 + 4.0 / 32) + 8 + 4 * (16 + 256));
}

INSTANTIATE_TEST_SUITE_P(Weights, Nf4Reference,
                         ::testing::Values("plain", "nested", "many_nested_blocks",
                                           "blocks_over_rows", "rows_in_a_block", "odd_columns",
                                           "odd_rows_and_columns", "one_row", "one_element",
                                           "large_block"),
                         [](const auto& info) { return std::string(info.param); });

/// Random parts; scales of both signs and any size, as a damaged file may have them.
Nf4Weights random_weights(std::int64_t rows, std::int64_t columns, std::int64_t block,
                          bool nested) {
  const std::int64_t blocks = (rows * columns + block - 1) / block;
  Nf4Weights weights;
  weights.rows = rows;
  weights.columns = columns;
  weights.block = block;
  weights.packed = at::randint(256, {(rows * columns + 1) / 2}, at::kByte);
  weights.map = at::randn({16});
  weights.nested = nested;
  if (nested) {
    weights.scales = at::randint(256, {blocks}, at::kByte);
    weights.nested_map = at::randn({256});
    weights.nested_block = 16;
    weights.nested_scales = at::randn({(blocks + 15) / 16});
    weights.nested_offset = 0.37F;
  } else {
    weights.scales = at::randn({blocks});
  }
  return weights;
}

TEST(Nf4Kernel, EqualsPlainTensorOperations) {
  at::manual_seed(3);
  for (const bool nested : {false, true}) {
    for (const auto& [rows, columns, block] :
         {std::array<std::int64_t, 3>{40, 256, 64}, {7, 131, 32}, {1, 1, 64}, {2, 5000, 4096}}) {
      const Nf4Weights weights = random_weights(rows, columns, block, nested);
      const std::int64_t elements = rows * columns;
      for (std::int64_t trial = 0; trial < 50; ++trial) {
        const auto begin = at::randint(elements, {1}, at::kLong).item<std::int64_t>();
        const auto end = at::randint(begin + 1, elements + 1, {1}, at::kLong).item<std::int64_t>();
        at::Tensor found = at::full({end - begin + 1}, 123.0F);
        dequantise_nf4(weights, begin, end, found.data_ptr<float>());
        ASSERT_TRUE(same_bits(found.narrow(0, 0, end - begin), dequantise_nf4(weights, begin, end)))
            << begin << " to " << end << " of " << rows << " x " << columns;
        ASSERT_EQ(found[end - begin].item<float>(), 123.0F) << "written behind the end";
      }
    }
  }
}

/// A small weight that is right in everything, for tests to damage.
class DamagedNf4 : public ::testing::Test {
 protected:
  std::map<std::string, at::Tensor> parts = {{"w", at::randint(256, {3 * 100 / 2, 1}, at::kByte)},
                                             {"w.absmax", at::randint(256, {5}, at::kByte)},
                                             {"w.quant_map", at::randn({16})},
                                             {"w.nested_absmax", at::randn({1})},
                                             {"w.nested_quant_map", at::randn({256})}};
  std::string state =
      R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [3, 100],
          "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.05})";

  std::shared_ptr<const PackedMatrix> load() {
    const TemporaryFolder folder;
    std::vector<std::pair<std::string, at::Tensor>> tensors(parts.begin(), parts.end());
    tensors.emplace_back(
        "w.quant_state.bitsandbytes__nf4",
        at::from_blob(state.data(), {static_cast<std::int64_t>(state.size())}, at::kByte));
    write_safetensors(folder / "model.safetensors", tensors);
    return load_nf4(*open_safetensors_checkpoint(folder.path()), "w");
  }

  void expect_refused(const std::string& part) {
    expect_refusal<FormatError>([&] { load(); }, part);
  }

  /// With `from` in the state replaced by `to`.
  void expect_refused_state(const std::string& from, const std::string& to,
                            const std::string& part) {
    const std::string right = state;
    ASSERT_NE(state.find(from), std::string::npos) << from;
    state.replace(state.find(from), from.size(), to);
    expect_refused(part);
    state = right;
  }
};

TEST_F(DamagedNf4, IsReadWhenNothingIsWrong) {
  const auto matrix = load();
  EXPECT_EQ(matrix->rows(), 3);
  EXPECT_EQ(matrix->columns(), 100);
}

TEST_F(DamagedNf4, TheDtypeOfTheStateChangesNothing) {
  const std::string bfloat16 = "\"bfloat16\"";
  const auto first = load();
  for (const char* dtype : {"\"float16\"", "\"float32\""}) {
    std::string other = state;
    other.replace(other.find(bfloat16), bfloat16.size(), dtype);
    std::swap(other, state);
    const auto second = load();
    std::swap(other, state);
    for (const at::ScalarType to : {at::kFloat, at::kBFloat16, at::kHalf}) {
      EXPECT_TRUE(same_bits(unpacked(*first, to, 0, 3), unpacked(*second, to, 0, 3))) << dtype;
    }
  }
}

TEST_F(DamagedNf4, PackedBytesUnderAnotherDtype) {
  const at::Tensor wanted = unpacked(*load(), at::kFloat, 0, 3);
  parts["w"] = parts["w"].flatten().view(at::kBFloat16);
  EXPECT_TRUE(same_bits(unpacked(*load(), at::kFloat, 0, 3), wanted));
}

TEST_F(DamagedNf4, WrongStatesAreRefused) {
  expect_refused_state("\"nf4\"", "\"fp4\"", "'quant_type'");
  expect_refused_state("\"nf4\"", "4", "'quant_type'");
  for (const char* shape : {"[3]", "[3, 100, 1]", "[0, 100]", "[-3, -100]", "[3, \"a\"]",
                            "[4294967296, 4294967296]", "[3037000499, 3037000499]", "null"}) {
    expect_refused_state("[3, 100]", shape, "'shape'");
  }
  expect_refused_state("[3, 100]", "[4, 100]", "tensor 'w' is not");
  for (const char* dtype : {"\"float64\"", "\"uint8\"", "\"torch.float32\"", "16"}) {
    expect_refused_state("\"bfloat16\"", dtype, "'dtype'");
  }
  expect_refused_state("\"dtype\": \"bfloat16\"", "\"other\": 0", "'dtype'");
  for (const char* block : {"0", "-64", "63", "8192", "1e30", "\"64\""}) {
    expect_refused_state("\"blocksize\": 64", std::string("\"blocksize\": ") + block,
                         "'blocksize'");
  }
  expect_refused_state("\"blocksize\": 64", "\"blocksize\": 128", "'w.absmax'");
  expect_refused_state("256", "0", "'nested_blocksize'");
  expect_refused_state("256", "2", "'w.nested_absmax'");
  expect_refused_state("256", "9223372036854775807", "'nested_blocksize'");
  expect_refused_state("\"float32\"", "\"float16\"", "'nested_dtype'");
  expect_refused_state("0.05", "1e60", "'nested_offset'");
  expect_refused_state("\"nested_offset\": 0.05", "\"other\": 0", "'nested_offset'");
  expect_refused_state("{", "[", "quant_state.bitsandbytes__nf4");
  state.resize(1 << 17, ' ');
  expect_refused("65536 bytes");
}

TEST_F(DamagedNf4, WrongPartsAreRefused) {
  const auto right = parts;
  const auto with = [&](const std::string& name, const at::Tensor& tensor,
                        const std::string& part) {
    parts[name] = tensor;
    expect_refused(part);
    parts = right;
  };
  with("w", at::zeros({149, 1}, at::kByte), "149 bytes");
  with("w.absmax", at::zeros({4}, at::kByte), "5 numbers of Byte");
  with("w.absmax", at::zeros({5}), "5 numbers of Byte");
  with("w.quant_map", at::zeros({15}), "'w.quant_map'");
  with("w.quant_map", at::zeros({16}, at::kDouble), "'w.quant_map'");
  with("w.nested_quant_map", at::zeros({255}), "'w.nested_quant_map'");
  with("w.nested_absmax", at::zeros({2}), "'w.nested_absmax'");
  parts.erase("w.nested_absmax");
  expect_refused("5 numbers of Float");
  parts = right;
  for (const char* name : {"w.absmax", "w.quant_map", "w.nested_quant_map"}) {
    parts.erase(name);
    expect_refused(std::string("'") + name + "' is missing");
    parts = right;
  }
}

TEST(Nf4, OtherFormatsOfBitsandbytesAreRefusedByName) {
  const auto asked = [](const std::string& extra) {
    const TemporaryFolder folder;
    write_safetensors(folder / "model.safetensors",
                      {{"a.weight", at::zeros({8}, at::kByte)}, {extra, at::zeros({8})}});
    return is_nf4(*open_safetensors_checkpoint(folder.path()), "a.weight");
  };
  EXPECT_FALSE(asked("b.weight"));
  EXPECT_FALSE(asked("b.SCB"));
  expect_refusal<FormatError>([&] { asked("a.weight.quant_state.bitsandbytes__fp4"); }, "FP4");
  expect_refusal<FormatError>([&] { asked("a.SCB"); }, "int8");
  expect_refusal<FormatError>([&] { asked("a.weight.SCB"); }, "int8");
  expect_refusal<FormatError>([&] { asked("a.weight.absmax"); },
                              "no 'a.weight.quant_state.bitsandbytes__nf4'");
}

}  // namespace
}  // namespace austeer
