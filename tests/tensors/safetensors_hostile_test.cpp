// Headers that lie: each is refused with a message that says how.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + rest;
}

/// A file with this JSON header and `data_size` zero bytes.
std::string file_of(const std::string& header, std::size_t data_size) {
  return with_length(header.size(), header + std::string(data_size, '\0'));
}

void expect_refused(const std::string& bytes, const std::string& part) {
  expect_refusal<FormatError>([&] { parse_safetensors_header(bytes, "x.safetensors"); }, part);
  expect_refusal<FormatError>([&] { parse_safetensors_header(bytes, "x.safetensors"); },
                              "x.safetensors");
}

/// One F32 tensor 'w' with these fields over eight bytes of data.
void expect_refused_tensor(const std::string& fields, const std::string& part) {
  expect_refused(file_of("{\"w\":{" + fields + "}}", 8), part);
}

TEST(SafetensorsHostile, EveryTruncationIsRefused) {
  TemporaryFolder folder;
  write_safetensors(folder / "a", {{"x", at::arange(6, at::kFloat)}, {"y", at::arange(3)}},
                    {{"format", "pt"}});
  const std::string whole = read_file(folder / "a");
  EXPECT_EQ(parse_safetensors_header(whole, "a").tensors.size(), 2u);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of exactly this size, so that a read past its end is seen by the sanitizer.
    const std::string cut(whole, 0, size);
    EXPECT_THROW(parse_safetensors_header(cut, "a"), FormatError) << size;
  }
  EXPECT_THROW(parse_safetensors_header(whole + '\0', "a"), FormatError) << "one byte too many";
}

TEST(SafetensorsHostile, HeaderLengthsThatLie) {
  expect_refused("", "too short");
  expect_refused(with_length(3, "{}"), "header length");
  expect_refused(with_length(~std::uint64_t{0}, "{}"), "header length");
  expect_refused(with_length(~std::uint64_t{0} - 7, "{}"), "header length");
  expect_refused(with_length(100'000'001, std::string(100'000'001, ' ')), "at most 100000000");
  expect_refused(with_length(0, "{}"), "does not begin with '{'");
  expect_refused(with_length(1, "{}"), "not valid JSON");
}

TEST(SafetensorsHostile, HeadersThatAreNotWhatTheyShouldBe) {
  expect_refused(file_of("[]", 0), "does not begin with '{'");
  expect_refused(file_of("{\"a\":1}", 0), "an object");
  expect_refused(file_of("{\"a\":{}} x", 0), "not valid JSON");
  expect_refused(file_of("{\"a\":" + std::string(100'000, '['), 0), "nested deeper");
  expect_refused(file_of("{\"__metadata__\":{\"a\":1}}", 0), "'a' has a wrong value");
  expect_refused(file_of("{\"__metadata__\":[]}", 0), "an object");
}

TEST(SafetensorsHostile, DuplicateKeys) {
  const std::string entry = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  expect_refused(file_of("{\"w\":" + entry + ",\"w\":" + entry + "}", 1), "'w' stands twice");
  expect_refused(file_of(R"({"__metadata__":{"a":"1","a":"2"}})", 0), "'a' stands twice");
  expect_refused_tensor(R"("dtype":"U8","dtype":"F32","shape":[2],"data_offsets":[0,8])",
                        "'dtype' stands twice");
}

TEST(SafetensorsHostile, AHundredThousandNamesAreReadAndNoMore) {
  std::string header = "{";
  for (int i = 0; i < 100'000; ++i) {
    header +=
        fmt::format(R"("t{}":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}},)", i, i, i + 1);
  }
  header.back() = '}';
  const auto tensors = parse_safetensors_header(file_of(header, 100'000), "x").tensors;
  EXPECT_EQ(tensors.size(), 100'000U);
  EXPECT_EQ(tensors.at("t77777").begin, 77'777U);
  header.back() = ',';
  header += R"("__metadata__":{}})";
  expect_refused(file_of(header, 100'000), "more than 100000 keys");
}

TEST(SafetensorsHostile, MissingAndMistypedFields) {
  expect_refused_tensor(R"("shape":[2],"data_offsets":[0,8])", "'dtype' is missing");
  expect_refused_tensor(R"("dtype":"F32","data_offsets":[0,8])", "'shape' is missing");
  expect_refused_tensor(R"("dtype":"F32","shape":[2])", "'data_offsets' is missing");
  expect_refused_tensor(R"("dtype":"F32","shape":2,"data_offsets":[0,8])", "a list");
  expect_refused_tensor(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])", "a whole number");
  expect_refused_tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4,8])", "two numbers");
  expect_refused_tensor(R"("dtype":"F32","shape":[2],"data_offsets":[-1,8])", "in range");
}

TEST(SafetensorsHostile, UnknownDtypesAreNamed) {
  expect_refused_tensor(R"("dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8])",
                        "the dtype F8_E4M3 is not supported; supported: F64, F32, F16, BF16");
  expect_refused_tensor(R"("dtype":"f32","shape":[2],"data_offsets":[0,8])", "the dtype f32");
}

TEST(SafetensorsHostile, ImpossibleShapes) {
  expect_refused_tensor(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])", "impossible shape");
  expect_refused_tensor(R"("dtype":"F32","shape":[-1,-2],"data_offsets":[0,8])",
                        "impossible shape");
  expect_refused_tensor(R"("dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8])",
                        "impossible shape");
  expect_refused_tensor(R"("dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8])",
                        "does not match its byte range");
  expect_refused_tensor(R"("dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0])",
                        "impossible shape");
  expect_refused_tensor(R"("dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8])",
                        "in range");
  std::string ones = "1";
  for (int i = 0; i < 64; ++i) ones += ",1";
  expect_refused_tensor(R"("dtype":"F64","shape":[)" + ones + R"(],"data_offsets":[0,8])",
                        "too many dimensions");
}

TEST(SafetensorsHostile, ByteRangesThatLie) {
  expect_refused_tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,12])", "outside the file");
  expect_refused_tensor(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])", "outside the file");
  expect_refused_tensor(
      R"("dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551615])",
      "outside the file");
  expect_refused_tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,8])",
                        "does not match its byte range");
  expect_refused_tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])", "do not cover");
  expect_refused_tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])", "leaves a hole");
}

TEST(SafetensorsHostile, OverlapsAndHolesBetweenTensors) {
  const auto two = [](const std::string& first, const std::string& second) {
    return file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + first +
                       R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + second + "}}",
                   9);
  };
  expect_refused(two("[0,4]", "[3,7]"), "'b' overlaps");
  expect_refused(two("[0,4]", "[0,4]"), "'b' overlaps");
  expect_refused(two("[0,4]", "[5,9]"), "'b' leaves a hole");
}

TEST(SafetensorsHostile, BooleansOtherThanZeroAndOne) {
  TemporaryFolder folder;
  const std::string header = R"({"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})";
  write_file(folder / "a", with_length(header.size(), header + "\x01\x02"));
  expect_refused(with_length(header.size(), header + "\x01"), "outside the file");
  expect_refusal<FormatError>([&] { SafetensorsFile(folder / "a").tensor("w"); }, "0 and 1");
}

}  // namespace
}  // namespace austeer
