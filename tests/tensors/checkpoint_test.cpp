// Folders of weights: one file, shards under an index, and indexes that promise too much.
#include "tensors/checkpoint.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

const std::string index_name = "model.safetensors.index.json";

/// Two shards, "a" [2, 3] in the first, "b" [4] in the second.
void write_shards(const TemporaryFolder& folder) {
  write_safetensors(folder / "one.safetensors", {{"a", at::arange(6, at::kFloat).view({2, 3})}});
  write_safetensors(folder / "two.safetensors", {{"b", at::ones({4}, at::kBFloat16)}});
}

void write_index(const TemporaryFolder& folder, const std::string& weight_map) {
  write_file(folder / index_name, "{\"metadata\": {}, \"weight_map\": " + weight_map + "}");
}

void expect_refused_index(const std::string& weight_map, const std::string& part) {
  TemporaryFolder folder;
  write_shards(folder);
  write_index(folder, weight_map);
  expect_refusal<FormatError>([&] { open_safetensors_checkpoint(folder.path()); }, part);
}

TEST(Checkpoint, OneFileByItsUsualNameOrTheOnlyOne) {
  TemporaryFolder folder;
  write_safetensors(folder / "odd name.safetensors", {{"w", at::ones({2}, at::kHalf)}});
  const auto only = open_safetensors_checkpoint(folder.path());
  EXPECT_EQ(only->names(), std::vector<std::string>{"w"});
  EXPECT_EQ(only->shape("w"), std::vector<std::int64_t>{2});

  write_safetensors(folder / "model.safetensors", {{"v", at::ones({2}, at::kHalf)}});
  const auto usual = open_safetensors_checkpoint(folder.path());
  EXPECT_TRUE(usual->has("v"));
  EXPECT_FALSE(usual->has("w"));
  EXPECT_EQ(usual->path(), folder / "model.safetensors");
}

TEST(Checkpoint, ShardsReadAsOne) {
  TemporaryFolder folder;
  write_shards(folder);
  write_index(folder, R"({"a": "one.safetensors", "b": "two.safetensors"})");
  const auto checkpoint = open_safetensors_checkpoint(folder.path());
  EXPECT_EQ(checkpoint->names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(checkpoint->shape("a"), (std::vector<std::int64_t>{2, 3}));
  EXPECT_TRUE(checkpoint->load("a", at::kFloat).equal(at::arange(6, at::kFloat).view({2, 3})));
  EXPECT_TRUE(checkpoint->load("b", at::kFloat).equal(at::ones({4}, at::kFloat)));
  expect_refusal<FormatError>([&] { checkpoint->load("c", at::kFloat); }, "no tensor 'c'");
  expect_refusal<FormatError>([&] { checkpoint->shape("c"); }, folder.path().string());
}

TEST(Checkpoint, LoadsAViewInTheStoredDtypeAndACopyInAnother) {
  TemporaryFolder folder;
  write_safetensors(folder / "model.safetensors", {{"w", at::arange(4, at::kFloat)}});
  const auto checkpoint = open_safetensors_checkpoint(folder.path());
  EXPECT_EQ(checkpoint->load("w", at::kFloat).data_ptr(),
            checkpoint->load("w", at::kFloat).data_ptr());
  const at::Tensor converted = checkpoint->load("w", at::kBFloat16);
  EXPECT_EQ(converted.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(converted.to(at::kFloat).equal(at::arange(4, at::kFloat)));
}

TEST(Checkpoint, AMissingShardIsRefusedWhereItsTensorsAreRead) {
  TemporaryFolder folder;
  write_shards(folder);
  write_index(folder, R"({"a": "one.safetensors", "b": "two.safetensors"})");
  const std::string whole = open_safetensors_checkpoint(folder.path())->fingerprint();
  std::filesystem::remove(folder / "two.safetensors");
  const auto checkpoint = open_safetensors_checkpoint(folder.path());
  EXPECT_TRUE(checkpoint->load("a", at::kFloat).equal(at::arange(6, at::kFloat).view({2, 3})));
  EXPECT_EQ(checkpoint->names(), std::vector<std::string>{"a"});
  EXPECT_TRUE(checkpoint->has("b"));
  const std::string part = "two.safetensors is missing, which has the tensor 'b'";
  expect_refusal<FileError>([&] { checkpoint->load("b", at::kFloat); }, part);
  expect_refusal<FileError>([&] { checkpoint->shape("b"); }, part);
  expect_refusal<FileError>([&] { checkpoint->stored("b"); }, "Was the download complete?");
  EXPECT_NE(checkpoint->fingerprint(), whole);
}

TEST(Checkpoint, ATensorThatItsShardLacksIsRefusedWhereItIsRead) {
  TemporaryFolder folder;
  write_shards(folder);
  write_index(folder, R"({"a": "one.safetensors", "b": "one.safetensors"})");
  const auto checkpoint = open_safetensors_checkpoint(folder.path());
  EXPECT_EQ(checkpoint->shape("a"), (std::vector<std::int64_t>{2, 3}));
  expect_refusal<FormatError>([&] { checkpoint->load("b", at::kFloat); },
                              "one.safetensors: there is no tensor 'b', which");
}

TEST(Checkpoint, IntegersAreNoWeights) {
  TemporaryFolder folder;
  write_safetensors(folder / "model.safetensors", {{"w", at::ones({4}, at::kInt)}});
  const auto checkpoint = open_safetensors_checkpoint(folder.path());
  EXPECT_EQ(checkpoint->stored("w").scalar_type(), at::kInt);
  expect_refusal<FormatError>([&] { checkpoint->load("w", at::kFloat); },
                              "the tensor 'w' is quantised; expected plain floating-point numbers; "
                              "found Int");
}

TEST(Checkpoint, OtherFilesAreNamed) {
  TemporaryFolder folder;
  write_file(folder / "model.safetensors",
             "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n");
  expect_refusal<FormatError>([&] { open_safetensors_checkpoint(folder.path()); },
                              "model.safetensors is a git LFS pointer");
  write_file(folder / "model.safetensors", std::string("PK\3\4", 4) + "archive/data.pkl");
  expect_refusal<FormatError>([&] { open_safetensors_checkpoint(folder.path()); },
                              "is a ZIP archive, such as PyTorch's .bin and .pt files; expected a "
                              "safetensors file. Convert weights with transformers");
}

TEST(Checkpoint, IndexesThatPromiseWhatIsNotThere) {
  expect_refused_index(R"({})", "weight_map is empty");
  expect_refused_index(R"([])", "an object");
  expect_refused_index(R"({"a": 1})", "'a' has a wrong value");
  expect_refused_index(R"({"a": "../one.safetensors"})", "a file name in the same folder");
  expect_refused_index(R"({"a": "/etc/passwd"})", "a file name in the same folder");
  expect_refused_index(R"({"a": ".."})", "a file name in the same folder");
  expect_refused_index(R"({"a": ""})", "a file name in the same folder");
  expect_refused_index(R"({"a": "one.safetensors", "a": "two.safetensors"})", "'a' stands twice");
  expect_refused_index("{", "not valid JSON");
  expect_refused_index(R"({}, "weight_map": {})", "'weight_map' stands twice");
}

TEST(Checkpoint, HugeIndexIsNotRead) {
  TemporaryFolder folder;
  write_file(folder / index_name, "{");
  std::filesystem::resize_file(folder / index_name, 200'000'000);
  expect_refusal<FormatError>([&] { open_safetensors_checkpoint(folder.path()); }, "too large");
}

TEST(Checkpoint, FoldersWithoutOneAnswerAreRefused) {
  TemporaryFolder folder;
  expect_refusal<FileError>([&] { open_safetensors_checkpoint(folder / "no"); }, "No such file");
  expect_refusal<FileError>([&] { open_safetensors_checkpoint(folder.path()); }, "none of them");
  write_shards(folder);
  expect_refusal<FileError>([&] { open_safetensors_checkpoint(folder.path()); },
                            "one.safetensors, two.safetensors");
  write_file(folder / index_name, "{}");
  expect_refusal<FormatError>([&] { open_safetensors_checkpoint(folder.path()); },
                              "'weight_map' is missing");
}

TEST(Checkpoint, FingerprintsFollowEveryTensor) {
  TemporaryFolder folder;
  const auto fingerprint = [&](const at::Tensor& middle) {
    const at::Tensor large = at::zeros({100'000}, at::kFloat);
    write_safetensors(folder / "model.safetensors", {{"a", large}, {"b", middle}, {"c", large}});
    return open_safetensors_checkpoint(folder.path())->fingerprint();
  };
  for (const std::int64_t size : {3'000, 100'000}) {
    const std::string first = fingerprint(at::zeros({size}, at::kFloat));
    for (const std::int64_t changed : {std::int64_t{0}, size / 2, size - 1}) {
      at::Tensor other = at::zeros({size}, at::kFloat);
      other[changed] = 1;
      EXPECT_NE(fingerprint(other), first) << changed << " of " << size;
    }
  }
}

TEST(Checkpoint, FingerprintsFollowTheContent) {
  TemporaryFolder folder;
  const auto fingerprint = [&](const at::Tensor& tensor) {
    write_safetensors(folder / "model.safetensors", {{"w", tensor}});
    return open_safetensors_checkpoint(folder.path())->fingerprint();
  };
  const at::Tensor large = at::zeros({100'000}, at::kFloat);
  const std::string first = fingerprint(large);
  EXPECT_EQ(first.size(), 64u);
  EXPECT_EQ(fingerprint(large.clone()), first);
  EXPECT_NE(fingerprint(at::zeros({100'001}, at::kFloat)), first);
  for (const int changed : {0, 50'000, 99'999}) {
    at::Tensor other = large.clone();
    other[changed] = 1;
    EXPECT_NE(fingerprint(other), first) << changed;
  }
}

}  // namespace
}  // namespace austeer
