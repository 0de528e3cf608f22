#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "testing.hpp"
#include "text/bpe.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Ids = std::vector<TokenId>;

BpeVocabulary small_bpe() {
  BpeVocabulary vocabulary;
  vocabulary.place = "m.gguf";
  vocabulary.tokens = {"<eos>", "<x>", "a", "1", "11", "\u0120", "\u01201", "aa"};
  vocabulary.types = {3, 4, 1, 1, 1, 1, 1, 5};
  vocabulary.merges = {{"1", "1"}, {"\u0120", "1"}};
  vocabulary.pre_tokenizer = "gpt-2";
  vocabulary.bos = 0;
  vocabulary.eos = 0;
  return vocabulary;
}

TEST(BpeVocabulary, TypesSayWhatIsSpecial) {
  const auto tokenizer = make_tokenizer(small_bpe());
  EXPECT_EQ(tokenizer->encode("a<eos>a<x>"), (Ids{2, 0, 2, 1}));
  EXPECT_EQ(tokenizer->decode(Ids{2, 0, 1}), "a<x>")
      << "control tokens are special, others are not";
  EXPECT_EQ(tokenizer->size(), 8);
}

TEST(BpeVocabulary, PreTokenizersCutNumbersDifferently) {
  BpeVocabulary vocabulary = small_bpe();
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("11 1"), (Ids{4, 6}));
  vocabulary.pre_tokenizer = "smollm";
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("11 1"), (Ids{3, 3, 5, 3}));
  vocabulary.pre_tokenizer = "qwen2";
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("11 1"), (Ids{3, 3, 5, 3}));
  vocabulary.pre_tokenizer = "llama-bpe";
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("1111"), (Ids{4, 3, 3})) << "up to three digits";
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("aa"), (Ids{7})) << "merges are ignored";
}

TEST(BpeVocabulary, DefaultSpecialTokens) {
  BpeVocabulary vocabulary = small_bpe();
  vocabulary.add_bos = true;
  vocabulary.add_eos = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a"), (Ids{0, 2, 0}));
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", false), (Ids{2}));
  vocabulary.bos = 8;
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); }, "special token has id 8");
  vocabulary.bos.reset();
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); }, "BOS is to be added");
}

TEST(BpeVocabulary, FingerprintsTellVocabulariesApart) {
  const BpeVocabulary vocabulary = small_bpe();
  const std::string fingerprint = make_tokenizer(vocabulary)->fingerprint();
  EXPECT_EQ(make_tokenizer(small_bpe())->fingerprint(), fingerprint);
  BpeVocabulary other = vocabulary;
  other.place = "elsewhere.gguf";
  EXPECT_EQ(make_tokenizer(other)->fingerprint(), fingerprint);
  other = vocabulary;
  other.pre_tokenizer = "smollm";
  EXPECT_NE(make_tokenizer(other)->fingerprint(), fingerprint);
  other = vocabulary;
  std::swap(other.merges[0], other.merges[1]);
  EXPECT_NE(make_tokenizer(other)->fingerprint(), fingerprint);
  other = vocabulary;
  other.add_bos = true;
  EXPECT_NE(make_tokenizer(other)->fingerprint(), fingerprint);
}

TEST(BpeVocabulary, MalformedOnesAreRefused) {
  BpeVocabulary vocabulary = small_bpe();
  vocabulary.pre_tokenizer = "smolm";
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); },
                              "m.gguf: unknown pre-tokenizer 'smolm'. did you mean 'smollm'?");
  vocabulary = small_bpe();
  vocabulary.types[3] = 6;
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); }, "the token 3 '1' has type 6");
  vocabulary.types.pop_back();
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); }, "8 tokens, but 7 token types");
  vocabulary = small_bpe();
  vocabulary.tokens[7] = "a";
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); }, "tokens 2 and 7 are both 'a'");
  vocabulary = small_bpe();
  vocabulary.merges.emplace_back("a", "1");
  expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); }, "merge 2 names 'a1'");
  expect_refusal<FormatError>([] { make_tokenizer(BpeVocabulary{}); }, "the vocabulary is empty");
}

TEST(BpeVocabulary, TokensAndMergesThatAreNotUtf8AreRefused) {
  for (const std::string& hostile :
       {std::string("\xA1"), std::string("\xC3"), std::string(40, 'a') + "\xF0"}) {
    BpeVocabulary vocabulary = small_bpe();
    vocabulary.tokens[4] = hostile;
    expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); },
                                "m.gguf: the token 4 is not UTF-8 text without NUL");
    vocabulary = small_bpe();
    vocabulary.merges.emplace_back("a", hostile);
    expect_refusal<FormatError>([&] { make_tokenizer(vocabulary); },
                                "merge 2 names '" + repair_utf8(hostile) + "', which is not");
  }
}

TEST(BpeVocabulary, MergesAreTwoPieces) {
  EXPECT_EQ(split_merge("a bc", "m.gguf"), (MergePieces{"a", "bc"}));
  for (const char* merge : {"", " ", "a", "a ", " a", "a  b", "a b c"}) {
    expect_refusal<FormatError>([&] { split_merge(merge, "m.gguf"); }, "m.gguf: a malformed merge");
  }
}

}  // namespace
}  // namespace austeer
