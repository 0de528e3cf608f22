// Loading: what is missing, misshapen or of another kind is refused by name.

#include "models/load.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <map>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/paths.hpp"
#include "models/locate.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::project_configs;
using testing::TemporaryFolder;

using Tensors = std::vector<std::pair<std::string, at::Tensor>>;

/// Every tensor of a decoder with one layer of width 8, two heads and 16 tokens.
Tensors tiny_tensors() {
  Tensors tensors = {{"model.embed_tokens.weight", at::ones({16, 8})},
                     {"model.norm.weight", at::ones({8})}};
  const std::string at = "model.layers.0.";
  for (const char* name :
       {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"}) {
    tensors.emplace_back(at + name + ".weight", at::ones({8, 8}));
  }
  tensors.emplace_back(at + "mlp.gate_proj.weight", at::ones({12, 8}));
  tensors.emplace_back(at + "mlp.up_proj.weight", at::ones({12, 8}));
  tensors.emplace_back(at + "mlp.down_proj.weight", at::ones({8, 12}));
  tensors.emplace_back(at + "input_layernorm.weight", at::ones({8}));
  tensors.emplace_back(at + "post_attention_layernorm.weight", at::ones({8}));
  return tensors;
}

DecoderConfig tiny_config() {
  DecoderConfig config;
  config.model_type = "llama";
  config.layers = 1;
  config.width = 8;
  config.heads = config.kv_heads = 2;
  config.head_dim = 4;
  config.ffn_width = 12;
  config.vocabulary = 16;
  config.max_positions = 64;
  config.tied_embeddings = true;
  return config;
}

void load_tiny(const TemporaryFolder& folder, const Tensors& tensors) {
  write_safetensors(folder / "model.safetensors", tensors);
  Decoder(tiny_config(), *open_safetensors_checkpoint(folder.path()), at::kFloat, at::kCPU);
}

TEST(Decoder, MissingTensorsAreNamed) {
  TemporaryFolder folder;
  load_tiny(folder, tiny_tensors());
  for (std::size_t i = 0; i < tiny_tensors().size(); ++i) {
    Tensors tensors = tiny_tensors();
    const std::string name = tensors[i].first;
    tensors.erase(tensors.begin() + static_cast<std::ptrdiff_t>(i));
    expect_refusal<FormatError>([&] { load_tiny(folder, tensors); },
                                "the tensor '" + name + "' is missing");
  }
}

TEST(Decoder, WrongShapesAreNamed) {
  TemporaryFolder folder;
  const auto expect_refused = [&](std::size_t i, const at::Tensor& wrong) {
    Tensors tensors = tiny_tensors();
    const auto& [name, right] = tensors[i];
    const std::string part =
        fmt::format("'{}' has a wrong shape; expected [{}]; found [{}]", name,
                    fmt::join(right.sizes(), ", "), fmt::join(wrong.sizes(), ", "));
    tensors[i].second = wrong;
    expect_refusal<FormatError>([&] { load_tiny(folder, tensors); }, part);
  };
  for (std::size_t i = 0; i < tiny_tensors().size(); ++i) {
    const at::Tensor right = tiny_tensors()[i].second;
    std::vector<std::int64_t> larger = right.sizes().vec();
    ++larger[0];
    expect_refused(i, at::ones(larger));
    if (right.dim() == 2) expect_refused(i, right.flatten());
  }
}

TEST(Locate, SaysWhereItLooked) {
  TemporaryFolder home;
  const auto locate = [&](const std::string& spec) {
    return locate_model(spec, project_configs, home.path());
  };
  expect_refusal<UsageError>([&] { locate("smollm2-135m-instuct"); },
                             "did you mean 'smollm2-135m-instruct'?");
  expect_refusal<UsageError>([&] { locate(home.path().string()); }, "is no model");
  ::setenv("HF_HUB_CACHE", home.path().c_str(), 1);
  expect_refusal<FileError>([&] { locate("smollm2-135m-instruct"); },
                            "Run: austeer fetch model smollm2-135m-instruct");
  expect_refusal<FileError>([&] { locate("org/name"); }, home.path().string());
}

TEST(Locate, FindsTheSnapshotOfTheHubCache) {
  TemporaryFolder cache;
  const auto folder = cache / "models--org--name";
  make_folder(folder / "refs");
  make_folder(folder / "snapshots" / "abc123");
  write_file(folder / "refs" / "main", "abc123\n");
  write_file(folder / "snapshots" / "abc123" / "config.json", "{}");
  ::setenv("HF_HUB_CACHE", cache.path().c_str(), 1);
  EXPECT_EQ(locate_model("org/name", project_configs, cache.path()).path,
            folder / "snapshots" / "abc123");
}

/// A cache of the hub with one repository, org/name.
struct HubCache {
  TemporaryFolder cache;
  std::filesystem::path repository = cache / "models--org--name";

  HubCache() { ::setenv("HF_HUB_CACHE", cache.path().c_str(), 1); }
  void refer(const std::string& name, const std::string& commit) const {
    make_folder((repository / "refs" / name).parent_path());
    write_file(repository / "refs" / name, commit);
  }
  std::filesystem::path add(const std::string& commit, const std::string& file) const {
    const auto path = repository / "snapshots" / commit / file;
    make_folder(path.parent_path());
    write_file(path, "{}");
    return path;
  }
  std::filesystem::path find(const std::string& spec) const {
    return locate_model(spec, project_configs, cache.path()).path;
  }
};

TEST(HubCache, ARevisionIsABranchATagOrACommit) {
  const HubCache hub;
  const auto main = hub.add("abc1230000", "config.json").parent_path();
  const auto other = hub.add("abd4560000", "config.json").parent_path();
  hub.refer("main", "abc1230000");
  hub.refer("v1.0", "abd4560000\n");
  hub.refer("refs/pr/7", "abd4560000");
  hub.refer("gone", "fff");
  EXPECT_EQ(hub.find("org/name"), main);
  EXPECT_EQ(hub.find("org/name@main"), main);
  for (const char* revision : {"v1.0", "refs/pr/7", "abd4560000", "abd4"}) {
    EXPECT_EQ(hub.find(fmt::format("org/name@{}", revision)), other) << revision;
  }
  expect_refusal<UsageError>([&] { hub.find("org/name@ab"); }, "abc1230000, abd4560000");
  for (const char* revision : {"v2", "gone", "c"}) {
    expect_refusal<FileError>([&] { hub.find(fmt::format("org/name@{}", revision)); },
                              "there are main (abc1230000), refs/pr/7 (abd4560000), v1.0 "
                              "(abd4560000)");
  }
  expect_refusal<UsageError>([&] { hub.find("org/name@../../x"); }, "unknown model");
  std::filesystem::remove(hub.repository / "refs" / "main");
  expect_refusal<FileError>([&] { hub.find("org/name"); }, "the revision 'main' of org/name");
}

TEST(HubCache, ARepositoryOfGgufFiles) {
  const HubCache hub;
  hub.refer("main", "abc");
  const auto first = hub.add("abc", "name-Q4_K_M.gguf");
  hub.add("abc", "mmproj-name-f16.gguf");
  hub.add("abc", "README.md");
  EXPECT_EQ(hub.find("org/name"), first);
  hub.add("abc", "config.json");
  EXPECT_EQ(hub.find("org/name"), first) << "config.json has no weights";
  const auto second = hub.add("abc", "Q8_0/name-Q8_0-00001-of-00002.gguf");
  hub.add("abc", "Q8_0/name-Q8_0-00002-of-00002.gguf");
  expect_refusal<UsageError>([&] { hub.find("org/name"); },
                             "several models; found Q8_0/name-Q8_0-00001-of-00002.gguf, "
                             "name-Q4_K_M.gguf");
  EXPECT_EQ(hub.find("org/name:q4_k_m"), first);
  EXPECT_EQ(hub.find("org/name@abc:name-Q4_K_M.gguf"), first);
  EXPECT_EQ(hub.find("org/name:Q8_0"), second);
  EXPECT_EQ(hub.find("org/name:Q8_0/name-Q8_0-00001-of-00002.gguf"), second);
  for (const char* file : {"_M", "Q5_K_M", "name-Q8_0-00002-of-00002.gguf"}) {
    expect_refusal<UsageError>([&] { hub.find(fmt::format("org/name:{}", file)); },
                               fmt::format("is called '{}'", file));
  }
  const auto weights = hub.add("abc", "model.safetensors");
  EXPECT_EQ(hub.find("org/name"), weights.parent_path());
  EXPECT_EQ(hub.find("org/name:Q4_K_M"), first);
  hub.add("def", "README.md");
  expect_refusal<FileError>([&] { hub.find("org/name@def"); }, "holds no model");
}

/// Environment variables for one test, and back again after it.
struct Variables {
  std::map<std::string, std::string> before;

  explicit Variables(const std::map<std::string, std::string>& values) {
    for (const char* name :
         {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME", "DISK"}) {
      before[name] = environment(name);
      ::unsetenv(name);
    }
    for (const auto& [name, value] : values) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& [name, value] : before) {
      value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
};

TEST(HubCache, LiesWhereTheHubsToolsPutIt) {
  std::map<std::string, std::string> values = {{"HOME", "/home/me"}};
  const auto expect = [&](const std::string& name, const std::string& value,
                          const std::string& folder) {
    values[name] = value;
    const Variables set(values);
    EXPECT_EQ(hub_cache_folder(), folder) << name;
  };
  expect("DISK", "/data", "/home/me/.cache/huggingface/hub");
  expect("XDG_CACHE_HOME", "~/caches", "/home/me/caches/huggingface/hub");
  expect("HF_HOME", "~", "/home/me/hub");
  expect("HF_HOME", "~/hf/$DISK/${DISK}/$NONE/$", "/home/me/hf//data//data/$NONE/$/hub");
  expect("HUGGINGFACE_HUB_CACHE", "$DISK/a", "/data/a");
  expect("HF_HUB_CACHE", "", "/data/a");
  expect("HF_HUB_CACHE", "~/b", "/home/me/b");
}

/// A home folder that holds the first `count` files of all-minilm-l6-v2, empty ones.
void pretend_to_fetch_encoder(const TemporaryFolder& home, std::size_t count) {
  const ModelManifest manifest = load_model_manifest("all-minilm-l6-v2", project_configs);
  const auto folder = fetched_model_folder(manifest, home.path());
  make_folder(folder);
  for (std::size_t i = 0; i < count; ++i) {
    write_file(folder / manifest.source->files.at(i).file, "");
  }
}

TEST(Locate, EncodersAndDecodersAreNotMixedUp) {
  TemporaryFolder home;
  ::setenv("HF_HUB_CACHE", home.path().c_str(), 1);
  const auto decoder = [&](const std::string& spec) {
    return locate_model(spec, project_configs, home.path());
  };
  const auto encoder = [&](const std::string& spec) {
    return locate_encoder(spec, project_configs, home.path());
  };
  const std::string is_encoder =
      "expected a decoder, which continues texts; found an encoder, which turns texts into vectors";
  expect_refusal<UsageError>([&] { decoder("all-minilm-l6-v2"); }, is_encoder);
  expect_refusal<UsageError>([&] { decoder("all-minilm-l6-v2"); }, "smollm2-135m-instruct");
  expect_refusal<UsageError>(
      [&] { encoder("smollm2-135m-instruct"); },
      "expected an encoder, which turns texts into vectors; found a decoder");

  const std::string hub = "sentence-transformers/all-MiniLM-L6-v2";
  expect_refusal<FileError>([&] { encoder(hub); }, home.path().string());
  const auto repository = home / "models--sentence-transformers--all-MiniLM-L6-v2";
  make_folder(repository / "refs");
  make_folder(repository / "snapshots" / "abc");
  write_file(repository / "refs" / "main", "abc");
  write_file(repository / "snapshots" / "abc" / "config.json", "{}");
  EXPECT_EQ(encoder(hub), repository / "snapshots" / "abc");
  EXPECT_EQ(encoder("all-minilm-l6-v2"), repository / "snapshots" / "abc");
  expect_refusal<UsageError>([&] { decoder(hub); }, is_encoder);
}

TEST(Locate, AnEncoderIsThereWhenAllItsFilesAre) {
  TemporaryFolder home;
  ::setenv("HF_HUB_CACHE", home.path().c_str(), 1);
  const auto locate = [&](const std::string& spec) {
    return locate_encoder(spec, project_configs, home.path());
  };
  for (const std::size_t count : {0, 1, 4}) {
    pretend_to_fetch_encoder(home, count);
    expect_refusal<FileError>([&] { locate("all-minilm-l6-v2"); },
                              "Run: austeer fetch model all-minilm-l6-v2");
  }
  pretend_to_fetch_encoder(home, 5);
  const auto folder = home / "models/all-minilm-l6-v2";
  EXPECT_EQ(locate("all-minilm-l6-v2"), folder);
  EXPECT_EQ(locate(folder.string()), folder);
  expect_refusal<UsageError>([&] { locate(home.path().string()); }, "is no encoder");
  expect_refusal<UsageError>([&] { locate("all-minilm-l6"); }, "did you mean 'all-minilm-l6-v2'?");
}

TEST(Names, OfDtypesAndDevices) {
  EXPECT_EQ(parse_dtype("auto"), std::nullopt);
  EXPECT_EQ(parse_dtype("bfloat16"), at::kBFloat16);
  expect_refusal<UsageError>([] { parse_dtype("bfloat"); }, "did you mean 'bfloat16'?");
  EXPECT_TRUE(parse_devices("cpu").front().is_cpu());
  expect_refusal<UsageError>([] { parse_devices("gpu"); }, "unknown device 'gpu'");
  expect_refusal<UsageError>([] { parse_devices("cpu,"); }, "unknown device ''");
  expect_refusal<UsageError>([] { parse_devices("cuda:99"); }, "is not on this machine");
  expect_refusal<UsageError>([] { parse_devices("cpu,cpu"); }, "cannot share a model");
}

}  // namespace
}  // namespace austeer
