#include "models/manifest.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

const std::filesystem::path project_configs = std::filesystem::path(AUSTEER_SOURCE_DIR) / "configs";

TEST(ModelManifest, DefaultModel) {
  const ModelManifest model = load_model_manifest("smollm2-135m-instruct", project_configs);
  EXPECT_EQ(model.hub, "HuggingFaceTB/SmolLM2-135M-Instruct");
  EXPECT_EQ(model.licence, "Apache-2.0");
  EXPECT_EQ(model.layers, 30);
  EXPECT_EQ(model.width, 576);
  ASSERT_TRUE(model.source.has_value());
  EXPECT_EQ(fetched_model_file(model, "/h"),
            "/h/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  EXPECT_EQ(model.chat,
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(model.stop, std::vector<std::string>{"<|im_end|>"});
}

TEST(ModelManifest, EveryModelOfTheProjectLoads) {
  const std::vector<std::string> names = model_manifest_names(project_configs);
  EXPECT_FALSE(names.empty());
  for (const std::string& name : names) load_model_manifest(name, project_configs);
}

TEST(ModelManifest, UnknownNamesAndBadValuesAreRefused) {
  expect_refusal<UsageError>([] { load_model_manifest("smollm2-135m", project_configs); },
                             "smollm2-135m-instruct");
  expect_refusal<UsageError>(
      [] { load_model_manifest("../models/smollm2-135m-instruct", project_configs); },
      "unknown model");

  TemporaryFolder folder;
  make_folder(folder / "models");
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_file(folder / "models/m.yaml", text);
    expect_refusal<FormatError>([&] { load_model_manifest("m", folder.path()); }, message);
  };
  const std::string head = "hub: o/m\nlicence: MIT\nparameters: 1\nlayers: 1\nwidth: 1\n";
  const std::string hash(64, 'a');
  refused(head + "name: other\n", "the file's own name, 'm'");
  refused(head + "name: m\nlayer: 2\n", "unknown key 'layer'");
  refused("name: m\nhub: o/m\nlicence: MIT\nparameters: 1\nlayers: 0\nwidth: 1\n", "positive");
  refused(head + "name: m\nchat: no place for it\n", "a template with {prompt}");
  refused(head + "name: m\nstop: x\n", "a list");
  const auto with_source = [&](const std::string& pypi, const std::string& member,
                               const std::string& sha256) {
    return head + "name: m\nsource: {pypi: \"" + pypi + "\", member: \"" + member +
           "\", sha256: \"" + sha256 + "\", bytes: 1}\n";
  };
  refused(with_source("--index-url==1", "a/b", hash), "NAME==VERSION");
  refused(with_source("package", "a/b", hash), "NAME==VERSION");
  refused(with_source("p==1", "../b", hash), "without '..'");
  refused(with_source("p==1", "a/b", "beef"), "64 lower-case hex digits");

  write_file(folder / "models/m.yaml", head + "name: m\n");
  const ModelManifest bare = load_model_manifest("m", folder.path());
  EXPECT_TRUE(bare.chat.empty());
  expect_refusal<UsageError>([&] { fetched_model_file(bare, "/h"); }, "no source to fetch");
}

}  // namespace
}  // namespace austeer
