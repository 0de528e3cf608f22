// Round trips of every dtype, and the views' promises.
#include "tensors/safetensors.hpp"

#include <ATen/ATen.h>
#include <cstdlib>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// All dtypes, with an empty tensor, a scalar, a strided view and odd byte counts in between.
NamedTensors all_dtypes() {
  const at::Tensor values = at::arange(-6, 6, at::kFloat).mul(0.75).view({3, 4});
  return {{"f64", values.to(at::kDouble)},
          {"f32", values},
          {"f16", values.to(at::kHalf)},
          {"bf16", values.to(at::kBFloat16)},
          {"i64", values.mul(1e9).to(at::kLong)},
          {"i32", values.mul(100).to(at::kInt)},
          {"i16", values.mul(100).to(at::kShort)},
          {"i8", values.to(at::kChar)},
          {"u8", values.abs().to(at::kByte)},
          {"bool", values > 0},
          {"empty", at::empty({0, 5}, at::kFloat)},
          {"scalar", at::scalar_tensor(2.5, at::kFloat)},
          {"transposed", values.t()},
          {"odd", at::ones({3}, at::kByte)},
          {"misaligned", values.clone()}};
}

void expect_same(const at::Tensor& actual, const at::Tensor& expected, const std::string& name) {
  EXPECT_EQ(actual.scalar_type(), expected.scalar_type()) << name;
  EXPECT_EQ(actual.sizes(), expected.sizes()) << name;
  EXPECT_TRUE(actual.equal(expected)) << name;
}

TEST(Safetensors, EveryDtypeSurvivesTheRoundTrip) {
  TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", all_dtypes(), {{"format", "pt"}, {"naïve", "\"x\""}});
  const SafetensorsFile file(folder / "a.safetensors");
  EXPECT_EQ(file.header().tensors.size(), all_dtypes().size());
  EXPECT_EQ(file.header().metadata.at("naïve"), "\"x\"");
  EXPECT_EQ(file.header().data_start % 8, 0u);
  for (const auto& [name, expected] : all_dtypes()) expect_same(file.tensor(name), expected, name);
}

TEST(Safetensors, EqualInputGivesEqualBytes) {
  TemporaryFolder folder;
  const std::map<std::string, std::string> metadata = {{"b", "2"}, {"a", "1"}};
  write_safetensors(folder / "a", all_dtypes(), metadata);
  write_safetensors(folder / "b", all_dtypes(), metadata);
  EXPECT_EQ(read_file(folder / "a"), read_file(folder / "b"));
}

TEST(Safetensors, LargeStridedTensorsAreWrittenInPieces) {
  TemporaryFolder folder;
  const at::Tensor wide = at::arange(5'000'000, at::kInt).view({5, 1'000'000});
  write_safetensors(folder / "a", {{"contiguous", wide},
                                   {"transposed", wide.t()},
                                   {"few_long_rows", wide.view({5, 1'000, 1'000}).transpose(1, 2)},
                                   {"one_row", wide.view({1, 1'000, 5'000}).transpose(1, 2)}});
  const SafetensorsFile file(folder / "a");
  expect_same(file.tensor("contiguous"), wide, "contiguous");
  expect_same(file.tensor("transposed"), wide.t(), "transposed");
  expect_same(file.tensor("few_long_rows"), wide.view({5, 1'000, 1'000}).transpose(1, 2), "rows");
  expect_same(file.tensor("one_row"), wide.view({1, 1'000, 5'000}).transpose(1, 2), "one row");
}

TEST(Safetensors, TensorsAreViewsThatOutliveTheFileAndNeverChangeIt) {
  TemporaryFolder folder;
  write_safetensors(folder / "a", {{"x", at::zeros({4}, at::kFloat)}});
  at::Tensor first;
  {
    const SafetensorsFile file(folder / "a");
    first = file.tensor("x");
    EXPECT_EQ(first.data_ptr(), file.tensor("x").data_ptr()) << "a view, not a copy";
  }
  first.fill_(7);
  EXPECT_EQ(first.sum().item<float>(), 28);
  EXPECT_EQ(SafetensorsFile(folder / "a").tensor("x").sum().item<float>(), 0);
}

TEST(Safetensors, AFileWithoutTensorsIsFine) {
  TemporaryFolder folder;
  write_safetensors(folder / "a", {}, {{"k", "v"}});
  EXPECT_TRUE(SafetensorsFile(folder / "a").header().tensors.empty());
}

TEST(Safetensors, MissingTensorAndMissingFileAreNamed) {
  TemporaryFolder folder;
  write_safetensors(folder / "a", {{"x", at::zeros({4}, at::kFloat)}});
  expect_refusal<FormatError>([&] { SafetensorsFile(folder / "a").tensor("y"); },
                              "there is no tensor 'y'");
  expect_refusal<FileError>([&] { SafetensorsFile(folder / "b"); }, (folder / "b").string());
}

TEST(Safetensors, WhatCannotBeWrittenIsRefusedAndLeavesNothing) {
  TemporaryFolder folder;
  const at::Tensor x = at::zeros({2}, at::kFloat);
  const auto write = [&](const NamedTensors& tensors) { write_safetensors(folder / "a", tensors); };
  expect_refusal<UsageError>([&] { write({{"x", x}, {"x", x}}); }, "'x' is reserved or stands");
  expect_refusal<UsageError>([&] { write({{"__metadata__", x}}); }, "reserved");
  expect_refusal<UsageError>([&] { write({{"x", x.to(at::kComplexFloat)}}); }, "ComplexFloat");
  expect_refusal<UsageError>([&] { write({{"x", at::Tensor()}}); }, "no dense values");
  expect_refusal<UsageError>([&] { write({{"\xff", x}}); }, "UTF-8");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Safetensors, ThePythonPackageReadsWhatIsWritten) {
  const std::filesystem::path source = AUSTEER_SOURCE_DIR;
  TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", all_dtypes(), {{"format", "pt"}, {"naïve", "\"x\""}});
  const std::string command = "'" + (source / "build/venv/bin/python").string() + "' '" +
                              (source / "tests/reference/read_back.py").string() + "' '" +
                              (folder / "a.safetensors").string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
}  // namespace austeer
