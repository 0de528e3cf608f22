// Which tokenizer a folder gives, and SentencePiece models that are none.

#include "text/tokenizer.hpp"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "testing.hpp"
#include "text/sentencepiece.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using Ids = std::vector<TokenId>;

/// A protocol buffer field of length-delimited bytes.
std::string field(int number, const std::string& bytes) {
  return fmt::format("{}{}{}", static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size()),
                     bytes);
}

std::string piece(const std::string& text, int type, float score = 0) {
  std::string score_field = "\x15";  // field 2, 32 bits
  score_field.append(reinterpret_cast<const char*>(&score), sizeof score);
  return field(1, field(1, text) + score_field + "\x18" + static_cast<char>(type));
}

/// <unk> 0, <s> 1, </s> 2, the bytes 3 to 258, then ▁ 259, a 260, b 261, ▁a 262, ab 263.
std::string small_model(bool prefix_space = true) {
  constexpr int normal = 1, unknown = 2, control = 3, byte = 6;
  std::string model = piece("<unk>", unknown) + piece("<s>", control) + piece("</s>", control);
  for (int i = 0; i < 256; ++i) model += piece(fmt::format("<0x{:02X}>", i), byte);
  model += piece("\u2581", normal, -3) + piece("a", normal, -4) + piece("b", normal, -5);
  model += piece("\u2581a", normal, -1) + piece("ab", normal, -2);
  // trainer_spec: model_type (3) BPE, byte_fallback (35) on
  model += field(2, std::string("\x18\x02\x98\x02\x01", 5));
  // normalizer_spec: name, add_dummy_prefix (3), remove_extra_whitespaces (4), escape (5)
  const std::string options{'\x18', static_cast<char>(prefix_space), '\x20', '\0', '\x28', '\x01'};
  return model + field(3, field(1, "identity") + options);
}

TEST(SentencePiece, PutsBosAndASpaceInFront) {
  const auto tokenizer = make_sentencepiece_tokenizer(small_model(), "m");
  EXPECT_EQ(tokenizer->encode("ab"), (Ids{1, 262, 261}));
  EXPECT_EQ(tokenizer->encode("ab", false), (Ids{262, 261}));
  EXPECT_EQ(tokenizer->encode(" ab", false), (Ids{259, 262, 261})) << "a space of its own is kept";
  EXPECT_EQ(tokenizer->encode(""), (Ids{1}));
  EXPECT_EQ(tokenizer->encode("b\n", false), (Ids{259, 261, 3 + 10})) << "falls back to bytes";
}

TEST(SentencePiece, SpecialPiecesInTextAreTheirIds) {
  const auto tokenizer = make_sentencepiece_tokenizer(small_model(), "m");
  EXPECT_EQ(tokenizer->encode("a</s>ab<unk>", false), (Ids{262, 2, 263, 0}))
      << "no space is put after a special piece";
  EXPECT_EQ(tokenizer->encode("</s>ab", false), (Ids{2, 263}));
}

TEST(SentencePiece, DecodesWithoutSpecialPiecesAndWithoutTheFirstSpace) {
  const auto tokenizer = make_sentencepiece_tokenizer(small_model(), "m");
  EXPECT_EQ(tokenizer->decode(Ids{1, 262, 2, 262, 0}), "a a");
  EXPECT_EQ(tokenizer->decode(Ids{259, 262}), " a") << "one space only";
  EXPECT_EQ(tokenizer->decode(Ids{3 + 0xC3, 3 + 0xA9, 260}), "\u00E9a");
  EXPECT_EQ(tokenizer->decode(Ids{3 + 0xC3, 3 + 0xA9, 3 + 0xFF, 260}), "\uFFFD\uFFFD\uFFFDa")
      << "a run of bytes that is not UTF-8 is replaced as a whole";
  expect_refusal<UsageError>([&] { tokenizer->decode(Ids{264}); }, "cannot decode the id 264");
}

TEST(SentencePiece, WithoutThePrefixNoSpaceIsAddedOrRemoved) {
  const auto tokenizer = make_sentencepiece_tokenizer(small_model(false), "m");
  EXPECT_EQ(tokenizer->encode("ab", false), (Ids{263}));
  EXPECT_EQ(tokenizer->decode(Ids{262}), " a");
}

TEST(SentencePiece, FindsPiecesAndHasAFingerprint) {
  const auto tokenizer = make_sentencepiece_tokenizer(small_model(), "m");
  EXPECT_EQ(tokenizer->size(), 264);
  EXPECT_EQ(tokenizer->find("\u2581a"), 262);
  EXPECT_EQ(tokenizer->find("<unk>"), 0);
  EXPECT_EQ(tokenizer->find("nothing"), std::nullopt);
  EXPECT_EQ(tokenizer->fingerprint(), sha256(small_model()));
}

TEST(SentencePiece, WhatIsNoModelIsRefused) {
  const std::string model = small_model();
  for (const std::string& bytes : {std::string(), std::string("not a model"), model.substr(0, 100),
                                   model.substr(0, model.size() - 3)}) {
    expect_refusal<FormatError>([&] { make_sentencepiece_tokenizer(bytes, "dir/tokenizer.model"); },
                                "dir/tokenizer.model: not a SentencePiece model");
  }
}

TEST(SentencePiece, ModelsWithPiecesThatCannotBeUsedAreRefused) {
  constexpr int normal = 1, control = 3;
  const auto expect_refused = [](const std::string& more, const std::string& part) {
    expect_refusal<FormatError>([&] { make_sentencepiece_tokenizer(small_model() + more, "m"); },
                                "[tokenizer] m: the " + part);
  };
  expect_refused(piece("\xE2\x96", normal), "token 264 is not UTF-8 text without NUL");
  expect_refused(piece(std::string("a\0b", 3), normal), "token 264 is not UTF-8 text without NUL");
  // A unigram model (trainer_spec, model_type 1), whose trie throws at a key of no length.
  const std::string unigram = small_model() + piece(std::string(1, '\0'), normal);
  expect_refusal<FormatError>(
      [&] { make_sentencepiece_tokenizer(unigram + field(2, "\x18\x01"), "m"); },
      "m: not a SentencePiece model");
  expect_refused(piece("c", normal, std::nanf("")), "token 264 'c' has the score nan");
  expect_refused(piece("c", normal, HUGE_VALF), "token 264 'c' has the score inf");
  expect_refused(piece("\u00E9", control), "control token 264 '\u00E9' is a single character");
}

TEST(LoadTokenizer, PrefersTheJsonUnlessItWasConverted) {
  TemporaryFolder folder;
  expect_refusal<FileError>([&] { load_tokenizer(folder.path()); }, "neither tokenizer.json nor");
  write_file(folder / "tokenizer.model", small_model());
  EXPECT_EQ(load_tokenizer(folder.path())->size(), 264);
  write_file(folder / "tokenizer.json", R"({"model": {"type": "BPE", "byte_fallback": true}})");
  EXPECT_EQ(load_tokenizer(folder.path())->size(), 264);
  write_file(folder / "tokenizer.json", R"({
    "pre_tokenizer": {"type": "ByteLevel"}, "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})");
  EXPECT_EQ(load_tokenizer(folder.path())->size(), 1);
  write_file(folder / "tokenizer.json", "{");
  expect_refusal<FormatError>([&] { load_tokenizer(folder.path()); }, "tokenizer.json: not valid");
}

}  // namespace
}  // namespace austeer
