// What is found at a path that is named as a model, and what is told of the things that are none.
#include "models/model_files.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "models/locate.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

const std::string gguf_bytes("GGUF\3\0\0\0", 8);

class ModelFiles : public ::testing::Test {
 protected:
  void put(const std::string& name, const std::string& content = "{}") {
    write_file(folder_ / name, content);
  }
  void expect_refused(const std::string& part) {
    expect_refusal<FormatError>([&] { model_files(folder_.path()); }, part);
  }

  TemporaryFolder folder_;
};

TEST_F(ModelFiles, AHuggingFaceFolder) {
  EXPECT_FALSE(model_files(folder_.path()).has_value());
  put("config.json");
  EXPECT_EQ(model_files(folder_.path()), folder_.path()) << "its weights are asked for later";
  put("model.safetensors");
  put("pytorch_model.bin");
  put("model.gguf", gguf_bytes);
  put("adapter_config.json");
  EXPECT_EQ(model_files(folder_.path()), folder_.path());
  EXPECT_FALSE(model_files(folder_ / "none").has_value());
}

TEST_F(ModelFiles, AGgufFileOfAnyName) {
  put("sha256-0123", gguf_bytes);
  EXPECT_EQ(model_files(folder_ / "sha256-0123"), folder_ / "sha256-0123");
  EXPECT_EQ(locate_model(folder_ / "sha256-0123", testing::project_configs, folder_.path()).path,
            folder_ / "sha256-0123");
  put("notes.txt", "not a model");
  EXPECT_FALSE(model_files(folder_ / "notes.txt").has_value());
}

TEST_F(ModelFiles, TheOnlyGgufOfAFolder) {
  put("m-00001-of-00002.gguf", gguf_bytes);
  put("m-00002-of-00002.gguf", gguf_bytes);
  put("mmproj-f16.gguf", gguf_bytes);
  put("config.json");
  EXPECT_EQ(model_files(folder_.path()), folder_ / "m-00001-of-00002.gguf");
  put("m-q4.gguf", gguf_bytes);
  expect_refused(
      "holds several GGUF models; expected one; found m-00001-of-00002.gguf, m-q4.gguf. Name one: "
      "--model " +
      (folder_ / "m-00001-of-00002.gguf").string());
}

TEST_F(ModelFiles, AdaptersAreNoModels) {
  put("adapter_model.safetensors");
  put("adapter_config.json", R"({"peft_type": "LORA", "base_model_name_or_path": "org/base-7b"})");
  expect_refused("is a PEFT adapter (LORA) of org/base-7b, not a model");
  expect_refused("merge_and_unload");
  put("config.json");  // some trainers copy the base model's
  expect_refused("is a PEFT adapter (LORA)");
  put("adapter_config.json", R"({"peft_type": "IA3", "base_model_name_or_path": "org/base-7b"})");
  expect_refused("--model org/base-7b --plan " + folder_.path().string());
  put("adapter_config.json", R"({"base_model_name_or_path": null})");
  expect_refused("is a PEFT adapter of its base model");
  put("adapter_config.json", R"({"peft_type": 3})");
  expect_refused("adapter_config.json");
}

TEST_F(ModelFiles, WeightsOfOtherFrameworksAreNamed) {
  put("config.json");
  put("pytorch_model.bin.index.json");
  put("pytorch_model-00001-of-00002.bin");
  expect_refused(
      "has its weights in PyTorch's pickle format alone "
      "(pytorch_model-00001-of-00002.bin); expected *.safetensors");
  expect_refused("save_pretrained(NEW), which writes safetensors");
  const TemporaryFolder other;
  write_file(other / "tf_model.h5", "");
  expect_refusal<FormatError>([&] { model_files(other.path()); }, "TensorFlow's format alone");
}

TEST_F(ModelFiles, FilesThatAreNotAModelByThemselves) {
  const auto expect_refused_file = [&](const std::string& content, const std::string& part) {
    put("file.gguf", content);
    expect_refusal<FormatError>([&] { model_files(folder_ / "file.gguf"); }, part);
  };
  expect_refused_file(std::string("\x02\0\0\0\0\0\0\0{}", 10),
                      "file.gguf is a safetensors file; expected a folder with config.json and "
                      "*.safetensors, or a GGUF file. Pass its folder: --model " +
                          folder_.path().string());
  expect_refused_file("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
                      "Run `git lfs pull`");
  expect_refused_file("PK\3\4", "is a ZIP archive");
  expect_refused_file("", "file.gguf is empty");
  expect_refused_file("text", "file.gguf is a text file");
}

}  // namespace
}  // namespace austeer
