// Which tokens end an answer: those of configurations, of the tokenizer, and of GGUF files by key
// and by name.

#include <ATen/ATen.h>
#include <algorithm>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "captured_log.hpp"
#include "models/config.hpp"
#include "models/gguf_metadata.hpp"
#include "models/gguf_model.hpp"
#include "models/load.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using namespace testing::gguf;
using Ids = std::vector<TokenId>;

/// The stop tokens of a GGUF file with `pieces`, all but the first `plain` of them control tokens.
Ids gguf_stops(const std::vector<std::string>& pieces, std::size_t plain,
               const Metadata& more = {}) {
  Metadata metadata = model({{"tokenizer.ggml.model", text("gpt2")}});
  std::vector<std::int32_t> types(pieces.size(), 3);
  std::fill_n(types.begin(), plain, 1);
  metadata["tokenizer.ggml.tokens"] = testing::gguf::texts(pieces);
  metadata["tokenizer.ggml.token_type"] = numbers<std::int32_t>(i32, types);
  for (const auto& [key, value] : more) metadata[key] = value;
  const TemporaryFolder folder;
  const auto file = write_gguf(folder, metadata, {{"token_embd.weight", {8, pieces.size()}}});
  return GgufModel(file).config().stop_tokens;
}

TEST(StopTokens, OfAGgufAreThoseNamedByKeyAndByName) {
  const std::vector<std::string> pieces{"a", "b", "ab", "<|eot_id|>", "<|im_end|>", "<x>", "</s>"};
  EXPECT_EQ(gguf_stops(pieces, 3), (Ids{3, 4, 6}));
  EXPECT_EQ(gguf_stops(pieces, 3, {{"tokenizer.ggml.eos_token_id", whole(5)}}), (Ids{5, 3, 4, 6}));
  EXPECT_EQ(gguf_stops(pieces, 3,
                       {{"tokenizer.ggml.eot_token_id", whole(4)},
                        {"tokenizer.ggml.eom_token_id", whole(5)},
                        {"tokenizer.ggml.eos_token_id", whole(4)}}),
            (Ids{4, 5, 3, 6}));
}

TEST(StopTokens, OfAGgufByNameAreControlTokensAlone) {
  EXPECT_EQ(gguf_stops({"a", "b", "ab", "</s>", "<|end|>", "<end_of_turn>"}, 5), (Ids{5}));
  EXPECT_EQ(gguf_stops({"a", "b", "ab", "<|im_start|>"}, 3), Ids{});
}

TEST(StopTokens, OfAGgufOutOfRangeAreRefused) {
  expect_refusal<FormatError>(
      [] {
        gguf_stops({"a", "b", "ab"}, 3, {{"tokenizer.ggml.eom_token_id", whole(3)}});
      },
      "'tokenizer.ggml.eom_token_id' has a wrong value");
}

Ids stops_of(const Json& config, Ids before = {}) {
  Fields fields(config, "config.json");
  read_stop_tokens(fields, before);
  return before;
}

TEST(StopTokens, OfAConfigurationAreOneOrAList) {
  EXPECT_EQ(stops_of({{"eos_token_id", 2}}), (Ids{2}));
  EXPECT_EQ(stops_of({{"eos_token_id", {7, 2, 7}}}, {2}), (Ids{2, 7}));
  EXPECT_EQ(stops_of({{"eos_token_id", nullptr}}, {2}), (Ids{2}));
  EXPECT_EQ(stops_of(Json::object()), Ids{});
  expect_refusal<FormatError>([] { stops_of({{"eos_token_id", "</s>"}}); }, "'eos_token_id'");
  expect_refusal<FormatError>(
      [] {
        stops_of({{"eos_token_id", {2, -3000000000}}});
      },
      "'eos_token_id'");
}

TEST(StopTokens, TheTokenizersOwnJoinsThemAndIsSaid) {
  const TemporaryFolder folder;
  write_file(folder / "tokenizer.json", R"({
    "added_tokens": [{"id": 1, "content": "<|im_end|>", "special": true}],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null,
    "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})");
  write_file(folder / "tokenizer_config.json", R"({"eos_token": "<|im_end|>"})");
  const auto tokenizer = load_tokenizer(folder.path());
  const auto joined = [&](Ids stops, bool said) {
    testing::CapturedLog log;
    add_end_token(*tokenizer, "m", stops);
    EXPECT_EQ(log.text().find("m: the tokenizer's eos_token is the token 1") != std::string::npos,
              said)
        << log.text();
    return stops;
  };
  EXPECT_EQ(joined({2}, true), (Ids{2, 1}));
  EXPECT_EQ(joined({1, 2}, false), (Ids{1, 2}));
  EXPECT_EQ(joined({}, false), (Ids{1})) << "nothing is contradicted";
}

}  // namespace
}  // namespace austeer
