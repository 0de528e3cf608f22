#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "testing.hpp"
#include "text/sentencepiece.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Ids = std::vector<TokenId>;

constexpr std::int32_t normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6;

void add(SentencePieceVocabulary& vocabulary, const std::string& token, std::int32_t type,
         double score = 0) {
  vocabulary.tokens.push_back(token);
  vocabulary.types.push_back(type);
  vocabulary.scores.push_back(score);
}

/// <unk> 0, <s> 1, </s> 2, then ▁ 3, a 4, b 5, ▁a 6, ab 7, ba (unused) 8, <x> 9.
SentencePieceVocabulary small_vocabulary() {
  SentencePieceVocabulary vocabulary;
  vocabulary.place = "m.gguf";
  add(vocabulary, "<unk>", unknown);
  add(vocabulary, "<s>", control);
  add(vocabulary, "</s>", control);
  add(vocabulary, "\u2581", normal, -3);
  add(vocabulary, "a", normal, -4);
  add(vocabulary, "b", normal, -5);
  add(vocabulary, "\u2581a", normal, -1);
  add(vocabulary, "ab", normal, -2);
  add(vocabulary, "ba", unused, -0.5);
  add(vocabulary, "<x>", user_defined);
  vocabulary.bos = 1;
  vocabulary.eos = 2;
  return vocabulary;
}

SentencePieceVocabulary with_bytes() {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  for (int i = 0; i < 256; ++i) add(vocabulary, fmt::format("<0x{:02X}>", i), byte);
  return vocabulary;
}

void expect_refused(const SentencePieceVocabulary& vocabulary, const std::string& part) {
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); }, "[tokenizer] m.gguf: " + part);
}

TEST(SentencePieceVocabulary, ScoresSayWhatMergesFirst) {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("ab"), (Ids{1, 6, 5}));
  vocabulary.scores[7] = -0.5;  // "ab" before "▁a"
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("ab"), (Ids{1, 3, 7}));
}

TEST(SentencePieceVocabulary, TypesSayWhatIsSpecial) {
  const auto tokenizer = make_tokenizer(small_vocabulary());
  EXPECT_EQ(tokenizer->encode("a<x>b</s>ab"), (Ids{1, 6, 9, 5, 2, 7}));
  EXPECT_EQ(tokenizer->decode(Ids{1, 6, 9, 2, 5, 0}), "a<x>b")
      << "control and unknown tokens are special, others are not";
  EXPECT_EQ(tokenizer->encode("bba"), (Ids{1, 3, 5, 5, 4})) << "unused tokens come apart again";
  EXPECT_EQ(tokenizer->size(), 10);
}

TEST(SentencePieceVocabulary, SpacesInUserDefinedTokensAreMarks) {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  vocabulary.add_space_prefix = false;
  vocabulary.tokens[9] = "  ";
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("a   a"), (Ids{1, 4, 9, 6}));
  EXPECT_EQ(tokenizer->decode(Ids{4, 9, 6}), "a   a");
  EXPECT_EQ(tokenizer->find("\u2581\u2581"), 9);
  vocabulary.tokens[9] = " ";
  expect_refused(vocabulary, "the tokens 3 and 9 are both '\u2581'");
}

TEST(SentencePieceVocabulary, FallsBackToBytesWhereItHasThem) {
  EXPECT_EQ(make_tokenizer(small_vocabulary())->encode("a\u00E9"), (Ids{1, 6, 0}));
  const auto tokenizer = make_tokenizer(with_bytes());
  EXPECT_EQ(tokenizer->encode("a\u00E9"), (Ids{1, 6, 10 + 0xC3, 10 + 0xA9}));
  EXPECT_EQ(tokenizer->decode(Ids{6, 10 + 0xC3, 10 + 0xA9}), "a\u00E9");
}

TEST(SentencePieceVocabulary, DefaultSpecialTokens) {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", false), (Ids{6}));
  vocabulary.add_eos = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a"), (Ids{1, 6, 2}));
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", false), (Ids{6}));
  vocabulary.add_bos = false;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a"), (Ids{6, 2}));
  vocabulary.eos.reset();
  expect_refused(vocabulary, "EOS is to be added, but the file names none");
}

TEST(SentencePieceVocabulary, ASpaceInFrontCanBeLeftOut) {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  vocabulary.add_space_prefix = false;
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("ab  a"), (Ids{1, 7, 3, 6}));
  EXPECT_EQ(tokenizer->decode(Ids{6}), " a");
}

TEST(SentencePieceVocabulary, TheNamedUnknownTokenIsUnknownWhateverItsType) {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  vocabulary.types[0] = control;
  expect_refused(vocabulary, "no token is the unknown one");
  vocabulary.unknown = 0;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a!"), (Ids{1, 6, 0}));
  vocabulary.types[2] = unknown;
  expect_refused(vocabulary, "the tokens 0 and 2 are both to be the unknown one");
}

TEST(SentencePieceVocabulary, FingerprintsTellVocabulariesApart) {
  const std::string fingerprint = make_tokenizer(small_vocabulary())->fingerprint();
  SentencePieceVocabulary other = small_vocabulary();
  other.place = "elsewhere.gguf";
  EXPECT_EQ(make_tokenizer(other)->fingerprint(), fingerprint);
  other.scores[6] = -0.25;
  EXPECT_NE(make_tokenizer(other)->fingerprint(), fingerprint);
  other = small_vocabulary();
  other.add_bos = false;
  EXPECT_NE(make_tokenizer(other)->fingerprint(), fingerprint);
  other = small_vocabulary();
  other.add_space_prefix = false;
  EXPECT_NE(make_tokenizer(other)->fingerprint(), fingerprint);
}

TEST(SentencePieceVocabulary, ListsThatDoNotFitAreRefused) {
  expect_refused(
      [] {
        SentencePieceVocabulary empty;
        empty.place = "m.gguf";
        return empty;
      }(),
      "the vocabulary is empty");
  SentencePieceVocabulary vocabulary = small_vocabulary();
  vocabulary.scores.pop_back();
  expect_refused(vocabulary, "10 tokens, but 9 token scores");
  vocabulary = small_vocabulary();
  vocabulary.types.push_back(normal);
  expect_refused(vocabulary, "10 tokens, but 11 token types");
}

TEST(SentencePieceVocabulary, IdsOutOfRangeAreRefused) {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  vocabulary.bos = 10;
  expect_refused(vocabulary, "BOS has the id 10, but there are 10 tokens");
  vocabulary = small_vocabulary();
  vocabulary.eos = -1;
  expect_refused(vocabulary, "EOS has the id -1, but");
  vocabulary = small_vocabulary();
  vocabulary.unknown = 11;
  expect_refused(vocabulary, "the unknown token has the id 11, but");
}

TEST(SentencePieceVocabulary, MalformedTokensAreRefused) {
  SentencePieceVocabulary vocabulary = small_vocabulary();
  vocabulary.tokens[4] = "";
  expect_refused(vocabulary, "the token 4 is empty");
  vocabulary.tokens[4] = "b";
  expect_refused(vocabulary, "the tokens 4 and 5 are both 'b'");
  for (const std::string& token : {std::string("\xE2\x96"), std::string("a\0b", 3)}) {
    vocabulary.tokens[4] = token;
    expect_refused(vocabulary, "the token 4 is not UTF-8 text without NUL");
  }
  for (const double score : {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e39}) {
    vocabulary = small_vocabulary();
    vocabulary.scores[5] = score;
    expect_refused(vocabulary, fmt::format("the token 5 'b' has the score {}, which", score));
  }
  for (const std::int32_t type : {0, 7, -1}) {
    vocabulary = small_vocabulary();
    vocabulary.types[5] = type;
    expect_refused(vocabulary, fmt::format("the token 5 'b' has type {}, but types are", type));
  }
}

TEST(SentencePieceVocabulary, ControlTokensOfOneCharacterAreRefused) {
  for (const std::size_t id : {std::size_t{3}, std::size_t{4}}) {
    SentencePieceVocabulary vocabulary = small_vocabulary();
    vocabulary.types[id] = control;
    expect_refused(vocabulary, fmt::format("the control token {} '{}' is a single character", id,
                                           vocabulary.tokens[id]));
  }
}

TEST(SentencePieceVocabulary, ByteTokensMustBeComplete) {
  SentencePieceVocabulary vocabulary = with_bytes();
  vocabulary.types.back() = unused;
  expect_refused(vocabulary, "255 byte tokens of 256");
  vocabulary = with_bytes();
  vocabulary.tokens.back() = "<0xff>";
  expect_refused(vocabulary, "the byte token 265 is '<0xff>', not '<0x00>' to '<0xFF>'");
}

}  // namespace
}  // namespace austeer
