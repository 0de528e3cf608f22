// A small_characters tokenizer.json as it is converted from SentencePiece models: BPE over
// characters.

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

/// <unk> 0, <s> 1, ▁ 2, a 3, b 4, ▁a 5, ab 6, the bytes of é 7 and 8, and <t> 9, which is added.
constexpr std::string_view small_characters = R"({
  "added_tokens": [{"id": 1, "content": "<s>", "special": true},
                   {"id": 9, "content": "<t>", "special": false, "normalized": false}],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "\u2581"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
  "pre_tokenizer": null,
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
  "decoder": {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
    {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
  "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
    "vocab": {"<unk>": 0, "<s>": 1, "\u2581": 2, "a": 3, "b": 4, "\u2581a": 5, "ab": 6,
              "<0xC3>": 7, "<0xA9>": 8},
    "merges": ["\u2581 a", "a b"]}})";

std::unique_ptr<Tokenizer> changed(const std::function<void(json&)>& change) {
  json document = json::parse(small_characters);
  change(document);
  return make_tokenizer(parse_tokenizer_json(document.dump(), "t.json"));
}

std::unique_ptr<Tokenizer> unchanged() {
  return changed([](json&) {});
}

void expect_characters_refused(const std::function<void(json&)>& damage,
                               const std::string& message) {
  expect_refusal<FormatError>([&] { changed(damage); }, "[tokenizer] t.json: " + message);
}

TEST(TokenizerJsonOfCharacters, Encodes) {
  const auto tokenizer = unchanged();
  EXPECT_EQ(tokenizer->encode("ab"), (Ids{1, 5, 4}));
  EXPECT_EQ(tokenizer->encode("ab", false), (Ids{5, 4}));
  EXPECT_EQ(tokenizer->encode(" ab", false), (Ids{2, 5, 4})) << "a space of its own is kept";
  EXPECT_EQ(tokenizer->encode("bab", false), (Ids{2, 4, 6}));
  EXPECT_EQ(tokenizer->encode("", false), Ids{});
  EXPECT_EQ(tokenizer->encode("a<s>a", false), (Ids{5, 1, 5})) << "each stretch gets a prefix";
}

TEST(TokenizerJsonOfCharacters, FallsBackToBytesAndThenToTheUnknownToken) {
  const auto tokenizer = unchanged();
  EXPECT_EQ(tokenizer->encode("a\u00E9", false), (Ids{5, 7, 8}));
  EXPECT_EQ(tokenizer->encode("axyb", false), (Ids{5, 0, 4})) << "neighbours are fused";
  EXPECT_EQ(tokenizer->encode("a\u00E8", false), (Ids{5, 0}))
      << "not all of its bytes have a piece";
  const auto unfused = changed([](json& j) { j["model"]["fuse_unk"] = false; });
  EXPECT_EQ(unfused->encode("axyb", false), (Ids{5, 0, 0, 4}));
  const auto without = changed([](json& j) {
    j["model"].erase("byte_fallback");
    j["model"]["vocab"][""] = 10;  // the piece of no byte
  });
  EXPECT_EQ(without->encode("a\u00E9", false), (Ids{5, 0}));
  const auto dropped = changed([](json& j) { j["model"].erase("unk_token"); });
  EXPECT_EQ(dropped->encode("axb", false), (Ids{5, 4}));
}

TEST(TokenizerJsonOfCharacters, Decodes) {
  const auto tokenizer = unchanged();
  EXPECT_EQ(tokenizer->decode(Ids{1, 5, 4, 5}), "ab a") << "the first space is taken off";
  EXPECT_EQ(tokenizer->decode(Ids{2, 5}), " a") << "one space only";
  EXPECT_EQ(tokenizer->decode(Ids{5, 7, 8, 4}), "a\u00E9b");
  EXPECT_EQ(tokenizer->decode(Ids{7, 4, 8, 8}), "\uFFFDb\uFFFD\uFFFD");
  EXPECT_EQ(tokenizer->decode(Ids{3, 9, 0}), "a<t><unk>") << "neither was added as special";
}

TEST(TokenizerJsonOfCharacters, MetaspacePutsItsMarkInFrontWhereItsSchemeSays) {
  const auto with = [](json step) {
    return changed([=](json& j) {
      j["normalizer"] = nullptr;
      j["pre_tokenizer"] = step;
    });
  };
  json step = {{"type", "Metaspace"},
               {"replacement", "\u2581"},
               {"prepend_scheme", "first"},
               {"split", false}};
  const std::string text = "a a<s>a";
  EXPECT_EQ(with(step)->encode(text, false), (Ids{5, 5, 1, 3}));
  EXPECT_EQ(with(step)->encode(" a", false), (Ids{5})) << "a space is prefix enough";
  EXPECT_EQ(with(step)->encode("<s>a", false), (Ids{1, 3}));
  step["prepend_scheme"] = "always";
  EXPECT_EQ(with(step)->encode(text, false), (Ids{5, 5, 1, 5}));
  step["prepend_scheme"] = "never";
  EXPECT_EQ(with(step)->encode(text, false), (Ids{3, 5, 1, 3}));
  step["prepend_scheme"] = "sometimes";
  expect_refusal<FormatError>([&] { with(step); }, "the prepend scheme 'sometimes'");
  step["prepend_scheme"] = "first";
  step["add_prefix_space"] = false;
  expect_refusal<FormatError>([&] { with(step); }, "add_prefix_space is false, but");
  step["replacement"] = "";
  expect_refusal<FormatError>([&] { with(step); }, "the replacement of Metaspace is not one");
  step["replacement"] = "__";
  expect_refusal<FormatError>([&] { with(step); }, "the replacement of Metaspace is not one");
}

TEST(TokenizerJsonOfCharacters, WordsAreCutWhereThePreTokenizerSays) {
  const auto tokenizer = changed([](json& j) {
    j["normalizer"] = nullptr;
    j["pre_tokenizer"] = {{"type", "Split"},
                          {"pattern", {{"String", "b"}}},
                          {"behavior", "MergedWithNext"},
                          {"invert", false}};
  });
  EXPECT_EQ(tokenizer->encode("aba", false), (Ids{3, 4, 3})) << "no merge across the cut";
  EXPECT_EQ(unchanged()->encode("bab", false), (Ids{2, 4, 6}));
}

TEST(TokenizerJsonOfCharacters, AMegabyteWithoutCutsComesBack) {
  std::string text(1 << 20, 'a');
  for (std::size_t i = 3; i < text.size(); i += 7) text[i] = ' ';
  const auto tokenizer = unchanged();
  const std::vector<TokenId> ids = tokenizer->encode(text, false);
  EXPECT_EQ(tokenizer->decode(ids), text);
}

TEST(TokenizerJsonOfCharacters, ReplacementsThatMultiplyAreRefused) {
  json steps = json::array();
  for (int i = 0; i < 60; ++i) {
    steps.push_back({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aa"}});
  }
  const auto encoding = changed([&](json& j) { j["normalizer"]["normalizers"] = steps; });
  expect_refusal<FormatError>([&] { encoding->encode("a"); },
                              "t.json: normalizer: its replacements make a text longer than 4160");
  const auto decoding = changed([&](json& j) { j["decoder"]["decoders"] = steps; });
  expect_refusal<FormatError>([&] { decoding->decode(Ids{3}); },
                              "t.json: decoder: its replacements make a text longer than 4160");
  // Every piece stays below the limit, all of them together do not.
  const auto widening = changed([&](json& j) {
    j["decoder"]["decoders"] = {
        {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", std::string(1000, 'b')}}};
  });
  EXPECT_EQ(widening->decode(Ids(4, 3)).size(), 4000U);
  expect_refusal<FormatError>([&] { widening->decode(Ids(10, 3)); },
                              "t.json: decoder: its replacements make a text longer than");
}

TEST(TokenizerJsonOfCharacters, WhatDoesNotFitIsRefused) {
  expect_characters_refused([](json& j) { j["decoder"] = nullptr; }, "decoder: there is none");
  expect_characters_refused(
      [](json& j) {
        j["decoder"]["decoders"].push_back({{"type", "ByteLevel"}});
      },
      "decoder: ByteLevel undoes a pre-tokenizer ByteLevel, which is not there");
  expect_characters_refused([](json& j) { j["decoder"]["decoders"][3]["stop"] = 1; },
                            "decoder: Strip is");
  expect_characters_refused([](json& j) { j["decoder"]["decoders"][3]["start"] = -1; },
                            "decoder: Strip is");
  expect_characters_refused([](json& j) { j["decoder"]["decoders"][1]["x"] = 1; },
                            "decoder: unknown key 'x'");
  expect_characters_refused(
      [](json& j) {
        j["normalizer"]["normalizers"][1]["pattern"] = {{"Regex", "(a"}};
      },
      "normalizer: the regular expression does not compile");
  expect_characters_refused([](json& j) { j["normalizer"]["normalizers"][1].erase("content"); },
                            "normalizer: the key 'content' is missing");
  expect_characters_refused(
      [](json& j) { j["normalizer"]["normalizers"][0]["prepend"] = std::string(65, 'a'); },
      "normalizer: the prefix is too long");
  expect_characters_refused([](json& j) { j["normalizer"]["normalizers"][0]["x"] = 1; },
                            "normalizer: unknown key 'x'");
  expect_characters_refused([](json& j) { j["model"]["unk_token"] = "<none>"; },
                            "unk_token names '<none>', which is not in the vocabulary");
  expect_characters_refused(
      [](json& j) {
        j["pre_tokenizer"] = {
            {"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Digits"}},
              {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "first"}}}}};
      },
      "pre_tokenizer: Metaspace among other steps is not supported with 'first'");
}

}  // namespace
}  // namespace austeer
