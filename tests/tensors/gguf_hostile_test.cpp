// GGUF files that lie: each is refused with a message that says how.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tensors/gguf.hpp"
#include "tensors/gguf_bytes.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::GgufBytes;
using testing::TemporaryFolder;

constexpr std::uint64_t huge = std::uint64_t{1} << 60;
constexpr std::uint32_t u32 = 4, u64 = 10, i32 = 5, text = 8, array = 9,
                        boolean = 7;                   // value types
constexpr std::uint32_t f32 = 0, q8_0 = 8, q2_k = 10;  // formats

void expect_refused(const GgufBytes& bytes, const std::string& part) {
  const std::string exact = bytes.str();
  expect_refusal<FormatError>([&] { parse_gguf_header(exact, "x.gguf"); }, part);
  expect_refusal<FormatError>([&] { parse_gguf_header(exact, "x.gguf"); }, "x.gguf");
}

/// One F32 tensor over 32 bytes of data.
void expect_refused_tensor(const std::vector<std::uint64_t>& dimensions, std::uint32_t type,
                           std::uint64_t offset, const std::string& part) {
  expect_refused(GgufBytes::header(1, 0).tensor("w", dimensions, type, offset).data(32), part);
}

GgufBytes small_file() {
  return GgufBytes::header(2, 5)
      .key("general.alignment", u32)
      .number(std::uint32_t{16})
      .key("name", text)
      .text("small")
      .key("empty", text)
      .text("")
      .key("texts", array)
      .number(text)
      .number(std::uint64_t{2})
      .text("one")
      .text("two")
      .key("nested", array)
      .number(array)
      .number(std::uint64_t{1})
      .number(i32)
      .number(std::uint64_t{2})
      .number(std::int32_t{1})
      .number(std::int32_t{2})
      .tensor("matrix", {3, 2}, f32, 0)
      .tensor("blocks", {32, 1}, q8_0, 32)
      .data(32 + 34, 16);
}

TEST(GgufHostile, EveryTruncationIsRefused) {
  const std::string whole = small_file().str();
  const GgufHeader header = parse_gguf_header(whole, "a");
  EXPECT_EQ(header.tensors.at("matrix").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(header.metadata.required<std::string>("name"), "small");
  EXPECT_EQ(header.metadata.required<std::string>("empty"), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of exactly this size, so that a read past its end is seen by the sanitizer.
    const std::string cut(whole, 0, size);
    EXPECT_THROW(parse_gguf_header(cut, "a"), FormatError) << size;
  }
}

TEST(GgufHostile, MagicAndVersion) {
  GgufBytes other;
  other.number(std::uint32_t{0x46474746}).data(64);
  expect_refused(other, "not a GGUF file");
  expect_refused(GgufBytes::header(0, 0, 1), "2 or 3");
  expect_refused(GgufBytes::header(0, 0, 4), "2 or 3");
  expect_refused(GgufBytes::header(0, 0, 3U << 24), "big endian");
}

TEST(GgufHostile, CountsThatDoNotFitTheFile) {
  expect_refused(GgufBytes::header(huge, 0).data(64), "number of tensors does not fit");
  expect_refused(GgufBytes::header(0, huge).data(64), "number of metadata keys does not fit");
  expect_refused(GgufBytes::header(~std::uint64_t{0}, ~std::uint64_t{0}), "does not fit");
  expect_refused(GgufBytes::header(0, 1).key("k", array).number(u64).number(huge).data(64),
                 "array length does not fit");
  expect_refused(GgufBytes::header(0, 1).key("k", array).number(text).number(huge).data(64),
                 "array length does not fit");
}

TEST(GgufHostile, TextLengthsThatLie) {
  expect_refused(GgufBytes::header(0, 1).number(huge).data(64), "metadata key reaches past");
  expect_refused(GgufBytes::header(0, 1).number(~std::uint64_t{0}).data(64), "reaches past");
  expect_refused(GgufBytes::header(0, 1).key("k", text).number(huge).data(64), "reaches past");
  expect_refused(
      GgufBytes::header(0, 1).key("k", array).number(text).number(std::uint64_t{1}).number(huge),
      "reaches past");
  expect_refused(GgufBytes::header(1, 0).number(huge).data(64), "tensor name reaches past");
}

TEST(GgufHostile, ValueTypesOutOfRange) {
  expect_refused(GgufBytes::header(0, 1).key("k", 13).data(64), "the type of 'k'");
  expect_refused(GgufBytes::header(0, 1).key("k", array).number(~0U).number(std::uint64_t{1}),
                 "the type of 'k'");
}

TEST(GgufHostile, NestedArraysAreBounded) {
  GgufBytes deep = GgufBytes::header(0, 1).key("k", array);
  for (int i = 0; i < 100'000; ++i) deep.number(array).number(std::uint64_t{1});
  expect_refused(deep, "nested deeper than 4");
}

TEST(GgufHostile, DuplicateKeysAndNames) {
  expect_refused(GgufBytes::header(0, 2)
                     .key("k", boolean)
                     .number(std::uint8_t{1})
                     .key("k", boolean)
                     .number(std::uint8_t{1}),
                 "'k' stands twice");
  expect_refused(GgufBytes::header(2, 0).tensor("w", {1}, f32, 0).tensor("w", {1}, f32, 0).data(32),
                 "'w' stands twice");
}

TEST(GgufHostile, BadAlignment) {
  for (const std::uint32_t alignment : {0U, 3U, 48U, ~0U}) {
    expect_refused(GgufBytes::header(0, 1).key("general.alignment", u32).number(alignment),
                   "a power of two");
  }
  expect_refused(GgufBytes::header(0, 1).key("general.alignment", u64).number(huge << 3),
                 "general.alignment");
  expect_refused(GgufBytes::header(0, 1).key("general.alignment", text).text("32"),
                 "'general.alignment' has a wrong value");
}

TEST(GgufHostile, AlignmentLargerThanTheFile) {
  expect_refused(GgufBytes::header(1, 1)
                     .key("general.alignment", u32)
                     .number(std::uint32_t{1} << 31)
                     .tensor("w", {1}, f32, 0)
                     .data(32),
                 "past the end");
}

TEST(GgufHostile, ImpossibleShapes) {
  expect_refused_tensor({1, 1, 1, 1, 1}, f32, 0, "the rank of 'w'");
  expect_refused_tensor({~std::uint64_t{0}}, f32, 0, "impossible shape");
  expect_refused_tensor({huge, huge}, f32, 0, "impossible shape");
  expect_refused_tensor({huge, huge, 0}, f32, 0, "impossible shape");
  expect_refused_tensor({huge << 2}, f32, 0, "impossible shape");
  expect_refused_tensor({16}, q8_0, 0, "a multiple of 32");
  expect_refused_tensor({16, 2}, q8_0, 0, "a multiple of 32");
  expect_refused_tensor({32, 8}, 12, 0, "a multiple of 256");
  expect_refused(GgufBytes::header(1, 0).text("w").number(~0U).data(64), "the rank of 'w'");
}

TEST(GgufHostile, OffsetsPastTheEnd) {
  expect_refused_tensor({9}, f32, 0, "past the end");
  expect_refused_tensor({8}, f32, 32, "past the end");
  expect_refused_tensor({1}, f32, ~std::uint64_t{31}, "past the end");
  expect_refused_tensor({8}, f32, ~std::uint64_t{31}, "past the end");
  expect_refused_tensor({8}, f32, huge, "past the end");
  expect_refused_tensor({1}, f32, 4, "a multiple of 32");
}

TEST(GgufHostile, FormatsThatAreNotReadAreNamed) {
  expect_refused_tensor({256}, q2_k, 0,
                        "Q2_K is not supported yet; supported: F32, F16, BF16, Q8_0, Q4_0, Q4_1, "
                        "Q5_0, Q5_1, Q4_K, Q5_K, Q6_K");
  expect_refused_tensor({256}, 10'000, 0, "the tensor type 10000 is not supported yet");
}

TEST(GgufHostile, WrongTypesNameKeyAndFile) {
  const std::string whole = small_file().str();
  const GgufMetadata metadata = parse_gguf_header(whole, "x.gguf").metadata;
  const auto refused = [&]<typename T>(const std::string& key, const std::string& part, T) {
    expect_refusal<FormatError>([&] { metadata.required<T>(key); }, part);
  };
  refused("nam", "x.gguf: the metadata key 'nam' is missing. did you mean 'name'?", std::string());
  refused("name", "'name' has a wrong value; expected a whole number; found text", std::int64_t{});
  refused("texts", "expected a text; found array of 2 text", std::string());
  refused("texts", "expected an array, each a number", std::vector<double>());
  refused("name", "expected an array, each a text", std::vector<std::string>());
  refused("nested", "found array of 1 array", std::vector<std::int64_t>());
}

}  // namespace
}  // namespace austeer
