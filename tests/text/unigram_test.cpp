// The unigram model by hand: the best way of all, unknown characters, bytes, and each way to break
// the section of a tokenizer.json.

#include "text/unigram.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "testing.hpp"
#include "text/tokenizer_json.hpp"

namespace austeer {
namespace {

using nlohmann::json;
using testing::expect_refusal;
using Ids = std::vector<TokenId>;

/// <unk> 0, a 1, b 2, ab 3, abb 4, bbc 5, c 6.
UnigramRules small_rules() {
  const std::vector<std::string> pieces{"<unk>", "a", "b", "ab", "abb", "bbc", "c"};
  UnigramRules rules;
  rules.scores = {0, -2, -2, -3, -4, -1, -9};
  for (const std::string& piece : pieces) {
    rules.vocabulary.emplace(piece, static_cast<TokenId>(rules.vocabulary.size()));
  }
  rules.unknown = 0;
  return rules;
}

Ids encoded(const UnigramRules& rules, std::string_view word) {
  Ids ids;
  UnigramModel(rules, "m").encode_word(word, ids);
  return ids;
}

TEST(Unigram, TakesTheBestWayNotTheLongestPieces) {
  EXPECT_EQ(encoded(small_rules(), "ab"), (Ids{3})) << "-3 is more than -4";
  EXPECT_EQ(encoded(small_rules(), "abb"), (Ids{4})) << "-4 is more than -5";
  EXPECT_EQ(encoded(small_rules(), "abbc"), (Ids{1, 5})) << "a bbc: -3, abb c: -13";
  EXPECT_EQ(encoded(small_rules(), ""), Ids{});
}

TEST(Unigram, NeighbouringUnknownCharactersAreOne) {
  EXPECT_EQ(encoded(small_rules(), "xya\u00e9\u6f22"), (Ids{0, 1, 0}));
  EXPECT_EQ(encoded(small_rules(), "x<unk>b"), (Ids{0, 2})) << "written out, it joins them";
  UnigramRules rules = small_rules();
  rules.unknown.reset();
  expect_refusal<FormatError>([&] { encoded(rules, "ax"); },
                              "m: 'x' has no piece, and the model no unknown token");
}

TEST(Unigram, UnknownCharactersFallBackToBytesIfAllAreThere) {
  UnigramRules rules = small_rules();
  rules.byte_fallback = true;
  for (const char* piece : {"<0xC3>", "<0xA9>"}) {
    rules.vocabulary.emplace(piece, static_cast<TokenId>(rules.vocabulary.size()));
    rules.scores.push_back(-20);
  }
  EXPECT_EQ(encoded(rules, "a\u00e9b"), (Ids{1, 7, 8, 2}));
  EXPECT_EQ(encoded(rules, "\u00e9\u00e9"), (Ids{7, 8, 7, 8}));
  EXPECT_EQ(encoded(rules, "\u00e8"), (Ids{0})) << "one of its bytes has no piece";
  EXPECT_EQ(encoded(rules, "\u00e9\u00e8"), (Ids{0})) << "nor together";
}

TEST(Unigram, TakesALongTextWithoutQuadraticTime) {
  const Ids ids = encoded(small_rules(), std::string(1'000'000, 'b'));
  EXPECT_EQ(ids.size(), 1'000'000U);
}

constexpr std::string_view unigram_json = R"({
  "added_tokens": [{"id": 0, "content": "<unk>", "special": true}],
  "normalizer": null, "post_processor": null,
  "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"},
  "decoder": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"},
  "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
            "vocab": [["<unk>", 0.0], ["_", -3], ["a", -1.5], ["_a", -2]]}})";

std::unique_ptr<Tokenizer> make_unigram(const json& document) {
  return make_tokenizer(parse_tokenizer_json(document.dump(), "t.json"));
}

TEST(UnigramJson, EncodesAndDecodes) {
  const auto tokenizer = make_unigram(json::parse(unigram_json));
  EXPECT_EQ(tokenizer->size(), 4);
  EXPECT_EQ(tokenizer->encode("aa  ax"), (Ids{3, 2, 1, 3, 0}));
  EXPECT_EQ(tokenizer->decode(Ids{3, 2, 1, 3, 0}), "aa  a") << "the first piece loses its mark";
}

TEST(UnigramJson, WhatIsWrongIsNamed) {
  const auto expect_refused = [](const std::function<void(json&)>& damage,
                                 const std::string& part) {
    json document = json::parse(unigram_json);
    damage(document);
    expect_refusal<FormatError>([&] { make_unigram(document); }, "t.json: ");
    expect_refusal<FormatError>([&] { make_unigram(document); }, part);
  };
  expect_refused([](json& j) { j["model"]["unk_id"] = 4; }, "unk_id is 4, but there are 4 pieces");
  expect_refused([](json& j) { j["model"]["unk_id"] = -1; }, "unk_id is -1");
  expect_refused([](json& j) { j["model"]["unk_id"] = "<unk>"; }, "'unk_id'");
  expect_refused([](json& j) { j["model"]["vocab"] = json::array(); },
                 "model.vocab is not a list of pieces and scores");
  expect_refused(
      [](json& j) {
        j["model"]["vocab"] = json::object({{"a", 0}});
      },
      "model.vocab is not a list of pieces and scores");
  expect_refused([](json& j) { j["model"]["vocab"][2] = {"a"}; },
                 "entry 2: not [\"piece\", score]");
  expect_refused([](json& j) { j["model"]["vocab"][2][1] = "0"; }, "entry 2: not [\"piece\"");
  expect_refused([](json& j) { j["model"]["vocab"][3][0] = "a"; }, "entry 3: 'a' stands twice");
  expect_refused([](json& j) { j["model"]["vocab"][3][0] = std::string(4097, 'a'); },
                 "the pieces of model.vocab are too long");
  expect_refused([](json& j) { j["model"]["dropout"] = 0.1; }, "unknown key 'dropout'");
  expect_refused(
      [](json& j) {
        j["pre_tokenizer"] = {{"type", "ByteLevel"}};
      },
      "ByteLevel is supported only with a BPE model");
  const auto with_table = [](const std::string& base64) {
    return [=](json& j) {
      j["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", base64}};
    };
  };
  expect_refused(with_table("a*=="), "normalizer: precompiled_charsmap: not base64");
  expect_refused(with_table(""), "no size stands in front");
  expect_refused(with_table("CAAAAAAAAAA="), "a trie of 8 bytes in 8");
  expect_refused(with_table("BQAAAAAAAAAAAAAA"), "a trie of 5 bytes in 12");
  expect_refused(with_table("BAAAAAAAAAD/"), "its texts are not UTF-8");
  expect_refused([](json& j) { j["added_tokens"][0]["id"] = 2; },
                 "'<unk>' has id 2, in the vocabulary id 0");
}

}  // namespace
}  // namespace austeer
