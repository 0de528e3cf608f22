// GGUF files as the gguf package writes and dequantises them, bit for bit.
#include "tensors/gguf.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "tensors/gguf_bytes.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::GgufBytes;
using testing::TemporaryFolder;

const std::filesystem::path reference = std::filesystem::path(AUSTEER_REFERENCE_DIR) / "tensors";

/// `name` of the reference data; fails the test where tests/reference/tensors.py has not run.
std::filesystem::path gguf_reference(const std::string& name) {
  EXPECT_TRUE(std::filesystem::exists(reference / name))
      << (reference / name) << " is missing: run tests/reference/tensors.py "
      << AUSTEER_REFERENCE_DIR;
  return reference / name;
}

std::string_view bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

TEST(Gguf, EveryFormatIsBitEqualToTheReference) {
  const GgufFile file(gguf_reference("small.gguf"));
  const SafetensorsFile expected(gguf_reference("small.safetensors"));
  EXPECT_EQ(file.names().size(), expected.header().tensors.size());
  for (const auto& [name, entry] : expected.header().tensors) {
    const at::Tensor actual = file.load(name, at::kFloat);
    EXPECT_EQ(file.shape(name), entry.shape) << name;
    EXPECT_EQ(actual.sizes(), entry.shape) << name;
    EXPECT_EQ(bytes_of(actual), bytes_of(expected.tensor(name))) << name;
  }
}

TEST(Gguf, OtherDtypesAreTheFloatsRoundedOnce) {
  const GgufFile file(gguf_reference("small.gguf"));
  for (const std::string& name : file.names()) {
    for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf, at::kDouble}) {
      const at::Tensor actual = file.load(name, dtype);
      EXPECT_EQ(actual.scalar_type(), dtype);
      EXPECT_TRUE(actual.equal(file.load(name, at::kFloat).to(dtype))) << name;
    }
  }
}

TEST(Gguf, PlainFormatsAreViewsInTheirOwnDtype) {
  const GgufFile file(gguf_reference("small.gguf"));
  const std::vector<std::pair<std::string, at::ScalarType>> plain = {
      {"F32.matrix", at::kFloat}, {"F16.matrix", at::kHalf}, {"BF16.matrix", at::kBFloat16}};
  for (const auto& [name, dtype] : plain) {
    EXPECT_EQ(file.load(name, dtype).data_ptr(), file.load(name, dtype).data_ptr()) << name;
  }
  EXPECT_NE(file.load("Q8_0.matrix", at::kFloat).data_ptr(),
            file.load("Q8_0.matrix", at::kFloat).data_ptr());
}

TEST(Gguf, SlicesAreThoseOfTheWhole) {
  const GgufFile file(gguf_reference("small.gguf"));
  std::int64_t cubes = 0;
  for (const std::string& name : file.names()) {
    if (!name.ends_with("cube")) continue;
    ++cubes;
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) {
      const at::Tensor whole = file.load(name, dtype);
      for (std::int64_t i = 0; i < whole.size(0); ++i) {
        const at::Tensor slice = file.load_slice(name, i, dtype);
        EXPECT_EQ(slice.sizes(), whole[i].sizes()) << name;
        EXPECT_EQ(bytes_of(slice), bytes_of(whole[i].contiguous())) << name << ' ' << i;
      }
    }
  }
  EXPECT_GE(cubes, 16);
}

TEST(Gguf, SlicesOfPlainFormatsAreViewsThatKeepTheMapping) {
  at::Tensor slice;
  at::Tensor copy;
  {
    const GgufFile file(gguf_reference("small.gguf"));
    slice = file.load_slice("F32.cube", 1, at::kFloat);
    copy = file.load("F32.cube", at::kFloat)[1].clone();
    EXPECT_EQ(slice.data_ptr(), file.load("F32.cube", at::kFloat)[1].data_ptr());
    EXPECT_NE(file.load_slice("Q4_K.bytes_cube", 1, at::kFloat).data_ptr(),
              file.load_slice("Q4_K.bytes_cube", 1, at::kFloat).data_ptr());
  }
  EXPECT_TRUE(slice.equal(copy));
}

TEST(Gguf, SlicesThatAreNotThereAreRefused) {
  const GgufFile file(gguf_reference("small.gguf"));
  for (const std::int64_t index : {-1, 3, 1 << 30}) {
    expect_refusal<FormatError>([&] { file.load_slice("Q6_K.bytes_cube", index, at::kFloat); },
                                "'Q6_K.bytes_cube' has no such slice; expected an index below 3; "
                                "found " +
                                    std::to_string(index));
  }
  expect_refusal<FormatError>([&] { file.load_slice("Q8_0.cub", 0, at::kFloat); },
                              "did you mean 'Q8_0.cube'");
  const std::string vector = GgufBytes::header(2, 0)
                                 .tensor("vector", {2}, 0, 0)
                                 .tensor("none", {4, 0}, 0, 0)
                                 .data(8)
                                 .str();
  TemporaryFolder folder;
  write_file(folder / "a.gguf", vector);
  const GgufFile other(folder / "a.gguf");
  expect_refusal<FormatError>([&] { other.load_slice("vector", 0, at::kFloat); },
                              "expected at least 2 dimensions; found 1");
  expect_refusal<FormatError>([&] { other.load_slice("none", 0, at::kFloat); },
                              "an index below 0; found 0");
}

TEST(Gguf, MetadataOfEveryType) {
  const GgufFile file(gguf_reference("small.gguf"));
  const GgufMetadata& metadata = file.metadata();
  const auto integer = [&](const std::string& key) { return metadata.required<std::int64_t>(key); };
  EXPECT_EQ(metadata.required<std::string>("general.architecture"), "llama");
  EXPECT_EQ(metadata.required<std::string>("test.text"), "naïve 🙂");
  EXPECT_TRUE(metadata.required<bool>("test.yes"));
  EXPECT_FALSE(metadata.required<bool>("test.no"));
  EXPECT_EQ(integer("llama.block_count"), 2);
  EXPECT_EQ(integer("test.u8"), 200);
  EXPECT_EQ(integer("test.i8"), -100);
  EXPECT_EQ(integer("test.u16"), 60000);
  EXPECT_EQ(integer("test.i16"), -30000);
  EXPECT_EQ(integer("test.u32"), 4000000000);
  EXPECT_EQ(integer("test.i32"), -2000000000);
  EXPECT_EQ(integer("test.u64"), std::int64_t{1} << 40);
  EXPECT_EQ(integer("test.i64"), -(std::int64_t{1} << 40));
  expect_refusal<FormatError>([&] { integer("test.u64_too_large"); }, "a whole number");
  expect_refusal<FormatError>([&] { integer("test.f32"); }, "found f32");
  EXPECT_EQ(metadata.required<double>("test.f32"), 0.1F);
  EXPECT_EQ(metadata.required<double>("test.f64"), 0.1);
  EXPECT_EQ(metadata.required<double>("test.i8"), -100.0);
  EXPECT_EQ(metadata.optional<std::int64_t>("absent", 7), 7);
  EXPECT_EQ(metadata.optional<std::int64_t>("test.u8", 7), 200);
}

TEST(Gguf, MetadataLists) {
  const GgufFile file(gguf_reference("small.gguf"));
  const GgufMetadata& metadata = file.metadata();
  const auto texts = metadata.required<std::vector<std::string_view>>("test.texts");
  ASSERT_EQ(texts.size(), 50000u);
  EXPECT_EQ(texts.front(), "token 0");
  EXPECT_EQ(texts.back(), "token 49999");
  EXPECT_EQ(metadata.required<std::vector<std::string>>("test.texts").back(), "token 49999");
  EXPECT_EQ(metadata.required<std::vector<std::int64_t>>("test.integers"),
            (std::vector<std::int64_t>{1, -2, 3}));
  EXPECT_EQ(metadata.required<std::vector<double>>("test.numbers"),
            (std::vector<double>{0.5, -1.25}));
  expect_refusal<FormatError>([&] { metadata.required<std::vector<std::int64_t>>("test.nested"); },
                              "found array of 2 array");
}

TEST(Gguf, MissingTensorsAreNamedWithTheNearest) {
  const GgufFile file(gguf_reference("small.gguf"));
  EXPECT_FALSE(file.has("Q8_0.matrx"));
  expect_refusal<FormatError>([&] { file.load("Q8_0.matrx", at::kFloat); },
                              "did you mean 'Q8_0.matrix'");
  expect_refusal<FormatError>([&] { file.shape("x"); }, "small.gguf");
}

TEST(Gguf, MisalignedAndEmptyTensorsAreCopied) {
  TemporaryFolder folder;
  const std::string bytes = GgufBytes::header(3, 1)
                                .key("general.alignment", 4)
                                .number(std::uint32_t{1})
                                .tensor("byte", {1}, 1, 0)
                                .tensor("w", {2}, 0, 3)
                                .tensor("none", {0, 2}, 0, 3)
                                .data(11, 1)
                                .str();
  write_file(folder / "a.gguf", bytes);
  const GgufFile file(folder / "a.gguf");
  const at::Tensor w = file.load("w", at::kFloat);
  EXPECT_EQ(bytes_of(w), bytes.substr(bytes.size() - 8));
  EXPECT_EQ(file.load("none", at::kFloat).sizes(), (std::vector<std::int64_t>{2, 0}));
}

TEST(Gguf, FingerprintsFollowEveryTensor) {
  constexpr std::uint64_t width = 50'000, size = 4 * width;
  const std::string bytes = GgufBytes::header(3, 0)
                                .tensor("a", {width}, 0, 0)
                                .tensor("b", {width}, 0, size)
                                .tensor("c", {width}, 0, 2 * size)
                                .data(3 * size)
                                .str();
  TemporaryFolder folder;
  const auto fingerprint = [&](const std::string& content) {
    write_file(folder / "a.gguf", content);
    return GgufFile(folder / "a.gguf").fingerprint();
  };
  const std::string first = fingerprint(bytes);
  const std::size_t data = bytes.size() - 3 * size;
  for (const std::size_t changed :
       {data, data + size, data + size + size / 2, data + 2 * size - 1, data + 3 * size - 1}) {
    std::string other = bytes;
    other[changed] ^= 1;
    EXPECT_NE(fingerprint(other), first) << changed - data;
  }
}

class GgufOfARealModel : public ::testing::TestWithParam<const char*> {};

TEST_P(GgufOfARealModel, IsBitEqualToTheReference) {
  const std::filesystem::path list = gguf_reference(std::string(GetParam()) + ".json");
  const Json json = read_json(list);
  Fields fields(json, list.string());
  const GgufFile file(fields.required<std::string>("file"));
  const Json& tensors = fields.value("tensors");
  EXPECT_EQ(file.names().size(), tensors.size());
  for (const auto& [name, value] : tensors.items()) {
    Fields expected(value, name);
    EXPECT_EQ(file.shape(name), expected.required<std::vector<std::int64_t>>("shape")) << name;
    EXPECT_EQ(file.format(name), expected.required<std::string>("format")) << name;
    EXPECT_EQ(sha256(bytes_of(file.load(name, at::kFloat))),
              expected.required<std::string>("sha256"))
        << name;
  }
  EXPECT_EQ(file.fingerprint(), GgufFile(file.path()).fingerprint());
}

INSTANTIATE_TEST_SUITE_P(Models, GgufOfARealModel, ::testing::Values("smollm2", "gemma3"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace austeer
