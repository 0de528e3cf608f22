// Models split into several GGUF files: read as one from any part, refused where the parts do not
// belong together. Parts written by the gguf package are compared in tests/engine.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <optional>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "tensors/gguf.hpp"
#include "tensors/gguf_bytes.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::GgufBytes;
using testing::TemporaryFolder;

/// What one part says of itself, and its tensors of eight floats each.
struct PartSpec {
  std::int32_t index = 0;
  std::int32_t count = 3;
  std::vector<std::string> tensors;
  std::string architecture;
  std::optional<std::int32_t> total;
};

std::string bytes_of(const PartSpec& part) {
  constexpr std::uint32_t i32 = 5, text = 8, f32 = 0;
  constexpr std::uint64_t size = 32;
  const std::uint64_t keys = 2 + (part.architecture.empty() ? 0 : 1) + (part.total ? 1 : 0);
  GgufBytes bytes = GgufBytes::header(part.tensors.size(), keys);
  bytes.key("split.no", i32).number(part.index).key("split.count", i32).number(part.count);
  if (!part.architecture.empty()) bytes.key("general.architecture", text).text(part.architecture);
  if (part.total) bytes.key("split.tensors.count", i32).number(*part.total);
  std::uint64_t offset = 0;
  for (const std::string& name : part.tensors) {
    bytes.tensor(name, {8}, f32, offset);
    offset += size;
  }
  return bytes.data(offset, 32, part.index).str();
}

class GgufSplit : public ::testing::Test {
 protected:
  void write(int number, const PartSpec& part) { write_file(path(number), bytes_of(part)); }
  void write_model() {
    write(1, {0, 3, {}, "llama", 3});
    write(2, {1, 3, {"b", "c"}, "", {}});
    write(3, {2, 3, {"a"}, "", {}});
  }
  std::filesystem::path path(int number) const {
    return folder_ / ("m-0000" + std::to_string(number) + "-of-00003.gguf");
  }
  void expect_refused(const std::string& part) {
    expect_refusal<FormatError>([&] { GgufFile file(path(1)); }, part);
  }

  TemporaryFolder folder_;
};

TEST_F(GgufSplit, IsOneModelWhicheverPartIsNamed) {
  write_model();
  std::string fingerprint;
  for (int number = 1; number <= 3; ++number) {
    const GgufFile file(path(number));
    EXPECT_EQ(file.path(), path(number));
    EXPECT_EQ(file.names(), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(file.metadata().required<std::string>("general.architecture"), "llama");
    // The third part's bytes count up from 2, the second's from 1.
    EXPECT_EQ(file.load("a", at::kFloat).view(at::kByte)[0].item<int>(), 2);
    EXPECT_EQ(file.load("b", at::kFloat).view(at::kByte)[0].item<int>(), 1);
    EXPECT_EQ(file.load("c", at::kFloat).view(at::kByte)[0].item<int>(), 33);
    if (number == 1) fingerprint = file.fingerprint();
    EXPECT_EQ(file.fingerprint(), fingerprint);
  }
}

TEST_F(GgufSplit, FingerprintsFollowEveryPart) {
  write_model();
  const std::string first = GgufFile(path(1)).fingerprint();
  for (int number = 1; number <= 3; ++number) {
    const std::string bytes = read_file(path(number));
    std::string other = bytes;
    if (number == 1) {
      other += std::string(32, '\0');  // it has no tensors; its size counts
    } else {
      other.back() = static_cast<char>(other.back() ^ 1);
    }
    write_file(path(number), other);
    EXPECT_NE(GgufFile(path(1)).fingerprint(), first) << number;
    write_file(path(number), bytes);
  }
}

TEST_F(GgufSplit, OneFileHasTheFingerprintThatItAlwaysHad) {
  const std::string bytes = GgufBytes::header(1, 0).tensor("a", {8}, 0, 0).data(32).str();
  write_file(folder_ / "one.gguf", bytes);
  // Header, size, and what is sampled of each tensor: of a small one all.
  EXPECT_EQ(GgufFile(folder_ / "one.gguf").fingerprint(),
            sha256(bytes.substr(0, bytes.size() - 32) + "size " + std::to_string(bytes.size()) +
                   bytes.substr(bytes.size() - 32)));
}

TEST_F(GgufSplit, MissingPartsAreNamed) {
  write_model();
  std::filesystem::remove(path(1));
  expect_refusal<FileError>([&] { GgufFile file(path(2)); },
                            "is part 2 of 3; missing beside it: m-00001-of-00003.gguf. All parts "
                            "must lie in one folder");
  std::filesystem::remove(path(2));
  expect_refusal<FileError>([&] { GgufFile file(path(3)); },
                            "m-00001-of-00003.gguf, m-00002-of-00003.gguf");
}

TEST_F(GgufSplit, NamesMustSayWhichPartItIs) {
  write_model();
  std::filesystem::rename(path(2), folder_ / "second.gguf");
  expect_refusal<FormatError>([&] { GgufFile file(folder_ / "second.gguf"); },
                              "it is part 2 of 3 of a split model, which its name does not say; "
                              "expected NAME-00002-of-00003.gguf; found second.gguf");
  std::filesystem::rename(folder_ / "second.gguf", path(3));
  expect_refusal<FormatError>([&] { GgufFile file(path(3)); }, "it is part 2 of 3");
}

TEST_F(GgufSplit, PartsOfDifferentModelsAreRefused) {
  write_model();
  write(2, {1, 4, {"b", "c"}, "", {}});
  expect_refused("not the part that its name says; expected part 2 of 3; found one of 4");
  write(2, {2, 3, {"b", "c"}, "", {}});
  expect_refused("expected part 2 of 3; found part 3 of 3");
  write(2, {1, 3, {"b", "c"}, "qwen2", {}});
  expect_refused("general.architecture differs from the first part's; expected llama; found qwen2");
  write(2, {1, 3, {"b"}, "", {}});
  expect_refused("its parts do not hold all tensors; expected 3; found 2");
  write(2, {1, 3, {"b", "a"}, "", {}});
  expect_refused("the tensor 'a' stands in another part too");
}

TEST_F(GgufSplit, LyingNumbersAreRefused) {
  write(1, {0, -1, {}, "llama", {}});
  expect_refused("split.count; expected 0 to 99999; found -1");
  write(1, {0, 100'000, {}, "llama", {}});
  expect_refused("split.count");
  write(1, {3, 3, {}, "llama", {}});
  expect_refused("split.no; expected 0 to 2; found 3");
  write(1, {-1, 3, {}, "llama", {}});
  expect_refused("split.no");
}

TEST(GgufPartName, IsNameNumberAndCount) {
  const auto name = parse_gguf_part_name("a-b-00002-of-00010.gguf");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->stem, "a-b");
  EXPECT_EQ(name->number, 2);
  EXPECT_EQ(name->count, 10);
  for (const char* other :
       {"a.gguf", "-00001-of-00001.gguf", "a-00003-of-00002.gguf", "a-00000-of-00002.gguf",
        "a-0000x-of-00002.gguf", "a-00001-of-00002.bin", "a-00001_of-00002.gguf"}) {
    EXPECT_FALSE(parse_gguf_part_name(other).has_value()) << other;
  }
}

TEST(GgufFile, OtherFilesAreNamed) {
  const TemporaryFolder folder;
  write_file(folder / "a.gguf", "<html>Not found</html>");
  expect_refusal<FormatError>([&] { GgufFile file(folder / "a.gguf"); },
                              "a.gguf is a web page; expected a GGUF file");
  write_file(folder / "a.gguf", "");
  expect_refusal<FormatError>([&] { GgufFile file(folder / "a.gguf"); },
                              "a.gguf is empty; expected a GGUF file");
}

}  // namespace
}  // namespace austeer
