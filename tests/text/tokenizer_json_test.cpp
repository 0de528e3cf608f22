// A small byte-level tokenizer.json, and each way to break it.

#include "text/tokenizer_json.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using nlohmann::json;
using testing::expect_refusal;
using Ids = std::vector<TokenId>;

constexpr std::string_view small = R"({
  "version": "1.0", "truncation": null, "padding": null,
  "added_tokens": [
    {"id": 7, "content": "<s>", "special": true, "normalized": false,
     "single_word": false, "lstrip": false, "rstrip": false},
    {"id": 8, "content": "<s>>", "special": false, "normalized": false,
     "single_word": false, "lstrip": false, "rstrip": false}],
  "normalizer": null,
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Digits", "individual_digits": true},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}}},
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
  "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
    "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
    "vocab": {"a": 0, "b": 1, "\u0120": 2, "ab": 3, "1": 4, "\u0120ab": 5, "-": 6},
    "merges": ["a b", ["\u0120", "ab"]]}})";

std::unique_ptr<Tokenizer> make(std::string_view text) {
  return make_tokenizer(parse_tokenizer_json(text, "t.json"));
}

/// The refusal of the small file after `damage` has been done to it.
void expect_refused(const std::function<void(json&)>& damage, const std::string& message) {
  json document = json::parse(small);
  damage(document);
  expect_refusal<FormatError>([&] { make(document.dump()); }, message);
  expect_refusal<FormatError>([&] { make(document.dump()); }, "t.json");
}

Ids encode_changed(const std::function<void(json&)>& change, std::string_view text) {
  json document = json::parse(small);
  change(document);
  return make(document.dump())->encode(text);
}

TEST(TokenizerJson, EncodesAndDecodes) {
  const auto tokenizer = make(small);
  EXPECT_EQ(tokenizer->size(), 9);
  EXPECT_EQ(tokenizer->encode("ab ab11"), (Ids{7, 3, 5, 4, 4}));
  EXPECT_EQ(tokenizer->encode("ab", false), (Ids{3}));
  EXPECT_EQ(tokenizer->encode(""), (Ids{7}));
  EXPECT_EQ(tokenizer->encode("a<s>b<s>>", false), (Ids{0, 7, 1, 8})) << "the longest token wins";
  EXPECT_EQ(tokenizer->decode(Ids{7, 3, 5, 8}), "ab ab<s>>") << "special tokens are left out";
  EXPECT_EQ(tokenizer->decode(Ids{}), "");
  EXPECT_EQ(tokenizer->find("\u0120ab"), 5);
  EXPECT_EQ(tokenizer->find("<s>"), 7);
  EXPECT_EQ(tokenizer->find("nothing"), std::nullopt);
  EXPECT_EQ(tokenizer->decode(Ids{3, 9, -1, 2147483647, 4}), "ab1")
      << "ids of no token are nothing";
}

TEST(TokenizerJson, IdsBetweenTokensAreNothing) {
  json document = json::parse(small);
  document["model"]["vocab"]["-"] = 40;
  document["added_tokens"][1]["id"] = 20;
  const auto tokenizer = make(document.dump());
  EXPECT_EQ(tokenizer->size(), 41);
  EXPECT_EQ(tokenizer->encode("a<s>>-", false), (Ids{0, 20, 40}));
  EXPECT_EQ(tokenizer->decode(Ids{0, 6, 8, 19, 20, 21, 39, 40, 41}), "a<s>>-");
  EXPECT_EQ(tokenizer->find(""), std::nullopt);
}

TEST(TokenizerJson, ABosThatStandsInTheTextIsNotDoubled) {
  const auto tokenizer = make(small);
  EXPECT_EQ(tokenizer->encode("<s>ab"), tokenizer->encode("ab"));
  EXPECT_EQ(tokenizer->encode("<s>"), (Ids{7}));
  EXPECT_EQ(tokenizer->encode("<s><s>ab"), (Ids{7, 7, 3})) << "a second one is the text's own";
  EXPECT_EQ(tokenizer->encode("<s>ab", false), (Ids{7, 3}));
  EXPECT_EQ(tokenizer->encode(" <s>ab"), (Ids{7, 2, 7, 3})) << "it does not open the text";
  EXPECT_EQ(tokenizer->encode("<s>>ab"), (Ids{7, 8, 3})) << "another token";
}

TEST(TokenizerJson, FingerprintIsThatOfTheBytes) {
  EXPECT_EQ(make(small)->fingerprint(), sha256(small));
  EXPECT_NE(make(std::string(small) + " ")->fingerprint(), sha256(small));
}

TEST(TokenizerJson, AddedTokensTakeSpaceAlongOrStandAlone) {
  const auto with = [](const char* option) {
    return [=](json& j) { j["added_tokens"][0][option] = true; };
  };
  const std::string_view text = " a <s> b";
  EXPECT_EQ(encode_changed([](json&) {}, text), (Ids{7, 2, 0, 2, 7, 2, 1}));
  EXPECT_EQ(encode_changed(with("lstrip"), text), (Ids{7, 2, 0, 7, 2, 1}));
  EXPECT_EQ(encode_changed(with("rstrip"), text), (Ids{7, 2, 0, 2, 7, 1}));
  EXPECT_EQ(encode_changed(with("single_word"), "a<s>b <s>-"), (Ids{7, 0, 1, 2, 7, 6}));
}

TEST(TokenizerJson, SpecialTokensMayFollow) {
  const auto change = [](json& j) {
    auto& single = j["post_processor"]["single"];
    single.push_back(single[0]);
    j["post_processor"] = {{"type", "Sequence"},
                           {"processors", {{{"type", "ByteLevel"}}, j["post_processor"]}}};
  };
  EXPECT_EQ(encode_changed(change, "a"), (Ids{7, 0, 7}));
}

TEST(TokenizerJson, BrokenJsonIsRefused) {
  expect_refusal<FormatError>([] { make("{\"model\": "); }, "t.json: not valid JSON");
  expect_refusal<FormatError>([] { make(""); }, "t.json: not valid JSON");
  expect_refusal<FormatError>([] { make("[]"); }, "t.json: not an object");
  expect_refusal<FormatError>([] { make("{}"); }, "the key 'model' is missing");
  expect_refusal<FormatError>([] { make(std::string(100000, '[')); }, "nested deeper");
  std::string deep = R"({"type": "ByteLevel"})";
  for (int i = 0; i < 1000; ++i) {
    deep = R"({"type": "Sequence", "pretokenizers": [)" + deep + "]}";
  }
  expect_refusal<FormatError>([&] { make(R"({"pre_tokenizer": )" + deep + "}"); },
                              "nested deeper than 32 levels");
}

TEST(TokenizerJson, ContradictoryVocabulariesAreRefused) {
  expect_refused([](json& j) { j["model"]["merges"].push_back("a zz"); },
                 "merge 2 names 'zz', which is not in the vocabulary");
  expect_refused([](json& j) { j["model"]["vocab"]["b"] = 0; }, "the id 0 is given to 'a' and 'b'");
  expect_refused([](json& j) { j["model"]["vocab"]["-"] = 2147483647; },
                 "'-' has the id 2147483647, but ids go to 4194303 at most");
  expect_refused([](json& j) { j["added_tokens"][1]["id"] = 4194304; }, "has the id 4194304, but");
  expect_refused([](json& j) { j["model"]["vocab"]["-"] = -6; }, "'-' has no valid id");
  expect_refused([](json& j) { j["model"]["vocab"]["-"] = 1e300; }, "'-' has no valid id");
  expect_refused([](json& j) { j["model"]["vocab"]["-"] = 4294967296; }, "'-' has no valid id");
  expect_refused([](json& j) { j["model"]["vocab"] = json::array(); }, "model.vocab is not");
  expect_refused([](json& j) { j["added_tokens"][0]["id"] = 6; }, "the id 6 is given to");
  expect_refused([](json& j) { j["added_tokens"][0]["id"] = -1; }, "negative id -1");
  expect_refused([](json& j) { j["added_tokens"][1]["content"] = "<s>"; }, "'<s>' stands twice");
  expect_refused([](json& j) { j["added_tokens"][1]["content"] = ""; }, "added token 8 is empty");
  expect_refused([](json& j) { j["added_tokens"][1]["content"] = "ab"; },
                 "'ab' has id 8, in the vocabulary id 3");
  expect_refused([](json& j) { j["post_processor"]["special_tokens"]["<s>"]["ids"] = {99}; },
                 "special token has id 99");
}

TEST(TokenizerJson, MalformedMergesAreRefused) {
  const auto with_merge = [](json merge) {
    return [=](json& j) { j["model"]["merges"] = json::array({merge}); };
  };
  expect_refused(with_merge("ab"), "model.merges, entry 0: a malformed merge");
  expect_refused(with_merge("a b a"), "a malformed merge");
  expect_refused(with_merge(" b"), "a malformed merge");
  expect_refused(with_merge(json::array({"a"})), "neither \"left right\"");
  expect_refused(with_merge(json::array({"a", 1})), "neither \"left right\"");
  expect_refused([](json& j) { j["model"]["merges"] = "a b"; }, "model.merges is not a list");
  expect_refused([](json& j) { j["model"].erase("merges"); }, "'model.merges' is missing");
}

TEST(TokenizerJson, WhatIsNotSupportedIsNamed) {
  expect_refused([](json& j) { j["model"]["type"] = "WordLevel"; }, "model type 'WordLevel'");
  expect_refused([](json& j) { j["model"]["byte_fallback"] = true; },
                 "byte_fallback is not supported where the pre-tokenizer is ByteLevel");
  expect_refused([](json& j) { j["model"]["dropout"] = 0.1; }, "model.dropout");
  expect_refused([](json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }, "end_of_word_suffix");
  expect_refused([](json& j) { j["model"]["new"] = 1; }, "unknown key 'new'");
  expect_refused(
      [](json& j) {
        j["normalizer"] = {{"type", "Lowercase"}};
      },
      "the normalizer 'Lowercase' is not supported");
  expect_refused(
      [](json& j) {
        j["pre_tokenizer"]["pretokenizers"][0] = {{"type", "UnicodeScripts"}};
      },
      "the pre-tokenizer 'UnicodeScripts' is not supported");
  expect_refused(
      [](json& j) {
        j["post_processor"] = {{"type", "BertProcessed"}};
      },
      "the post-processor 'BertProcessed' is not supported");
  expect_refused(
      [](json& j) {
        j["decoder"] = {{"type", "WordPieces"}};
      },
      "the decoder 'WordPieces' is not supported");
  expect_refused([](json& j) { j["pre_tokeniser"] = 1; }, "did you mean 'pre_tokenizer'?");
  expect_refused([](json& j) { j["added_tokens"][0]["colour"] = 1; }, "unknown key 'colour'");
}

TEST(TokenizerJson, MalformedSectionsAreRefused) {
  expect_refused([](json& j) { j["added_tokens"] = 3; }, "added_tokens: not a list");
  expect_refused([](json& j) { j["added_tokens"][0].erase("id"); }, "'id' is missing");
  expect_refused([](json& j) { j["pre_tokenizer"] = nullptr; }, "a pre-tokenizer ByteLevel, which");
  expect_refused([](json& j) { j["pre_tokenizer"]["pretokenizers"].erase(1); },
                 "decoder: ByteLevel undoes a pre-tokenizer ByteLevel, which is not there");
  expect_refused(
      [](json& j) {
        auto& steps = j["pre_tokenizer"]["pretokenizers"];
        steps.push_back(steps[1]);
      },
      "pre_tokenizer: ByteLevel stands twice");
  expect_refused(
      [](json& j) {
        j["pre_tokenizer"]["pretokenizers"][0] = {{"type", "Punctuation"}, {"behavior", "Joined"}};
      },
      "the split behavior 'Joined' is not supported");
  expect_refused([](json& j) { j["pre_tokenizer"]["pretokenizers"] = 1; }, "is not a list");
  expect_refused([](json& j) { j["pre_tokenizer"] = "ByteLevel"; }, "an object");
  expect_refused([](json& j) { j["decoder"] = nullptr; }, "needs exactly one, ByteLevel");
  expect_refused([](json& j) { j["post_processor"]["single"] = json::array(); }, "the sequence A");
  expect_refused([](json& j) { j["post_processor"]["single"][1]["Sequence"]["id"] = "B"; },
                 "must have the sequence A once");
  expect_refused([](json& j) { j["post_processor"]["special_tokens"] = json::object(); },
                 "'<s>' is missing");
}

json split(json pattern, const std::string& behaviour) {
  return {{"type", "Split"}, {"pattern", pattern}, {"behavior", behaviour}, {"invert", false}};
}

TEST(TokenizerJson, SplitIsReadStrictly) {
  const auto with = [](json step) {
    return [=](json& j) { j["pre_tokenizer"]["pretokenizers"][0] = step; };
  };
  EXPECT_EQ(encode_changed(with(split({{"String", "a"}}, "Isolated")), "abab"),
            (Ids{7, 0, 1, 0, 1}));
  EXPECT_EQ(encode_changed(with(split({{"Regex", "b."}}, "Removed")), "abab"), (Ids{7, 0, 1}));
  expect_refused(with(split({{"Regex", "(a"}}, "Isolated")), "does not compile");
  expect_refused(with(split({{"Glob", "a"}}, "Isolated")), "'String' is missing");
  expect_refused(with(split({{"String", "a"}}, "Sideways")), "split behavior 'Sideways'");
}

TEST(TokenizerJson, HostilePatternsGiveUpOnTheText) {
  json document = json::parse(small);
  document["pre_tokenizer"]["pretokenizers"][0] = split({{"Regex", "(a+)+$"}}, "Isolated");
  const auto tokenizer = make(document.dump());
  expect_refusal<FormatError>([&] { tokenizer->encode(std::string(100, 'a') + "b"); }, "gave up");
}

}  // namespace
}  // namespace austeer
