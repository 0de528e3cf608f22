#include "text/bpe.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "testing.hpp"
#include "text/byte_pieces.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Ids = std::vector<TokenId>;

/// The letters a to e are 0 to 4.
BpeRules letters() {
  BpeRules rules;
  for (const char letter : {'a', 'b', 'c', 'd', 'e'}) {
    rules.vocabulary.emplace(std::string(1, letter), letter - 'a');
  }
  return rules;
}

void add_merge(BpeRules& rules, const std::string& left, const std::string& right) {
  rules.vocabulary.emplace(left + right, static_cast<TokenId>(rules.vocabulary.size()));
  rules.merges.emplace_back(left, right);
}

Ids encode(const BpeRules& rules, std::string_view word) {
  BpeScratch scratch;
  Ids ids;
  BpeModel(rules, "test").encode_word(word, scratch, ids);
  return ids;
}

TEST(Bpe, EarlierMergesComeFirstWhereverTheyStand) {
  BpeRules rules = letters();
  add_merge(rules, "b", "c");    // 5
  add_merge(rules, "a", "b");    // 6
  add_merge(rules, "bc", "d");   // 7
  add_merge(rules, "a", "bcd");  // names a piece of rank 2: 8
  EXPECT_EQ(encode(rules, "abc"), (Ids{0, 5}));
  EXPECT_EQ(encode(rules, "abcd"), (Ids{8}));
  EXPECT_EQ(encode(rules, "abd"), (Ids{6, 3}));
}

TEST(Bpe, AmongEqualMergesTheLeftmostComesFirst) {
  BpeRules rules = letters();
  add_merge(rules, "a", "a");  // 5
  EXPECT_EQ(encode(rules, "aaa"), (Ids{5, 0}));
  EXPECT_EQ(encode(rules, "aaaaa"), (Ids{5, 5, 0}));
}

TEST(Bpe, ALongWordIsTheSameAsMergingStepByStep) {
  BpeRules rules = letters();
  std::string piece = "a";
  for (int doubling = 0; doubling < 5; ++doubling) {
    add_merge(rules, piece, piece);
    piece += piece;
  }
  const Ids ids = encode(rules, std::string(200000, 'a'));
  EXPECT_EQ(ids, Ids(200000 / 32, 9));
}

TEST(Bpe, BytesWithoutAPieceAreDroppedOrUnknown) {
  BpeRules rules = letters();
  EXPECT_EQ(encode(rules, "axyb"), (Ids{0, 1}));
  rules.vocabulary.emplace("<unk>", 5);
  rules.unknown = "<unk>";
  EXPECT_EQ(encode(rules, "axyb"), (Ids{0, 5, 5, 1}));
  rules.fuse_unknown = true;
  EXPECT_EQ(encode(rules, "axybz"), (Ids{0, 5, 1, 5}));
}

TEST(Bpe, WholeWordsWinOverMergesWhenAskedTo) {
  BpeRules rules = letters();
  add_merge(rules, "a", "b");                // 5
  rules.vocabulary.emplace("\u0120cab", 6);  // " cab", which no merges lead to
  EXPECT_EQ(encode(rules, " cab"), (Ids{2, 5}));
  rules.ignore_merges = true;
  EXPECT_EQ(encode(rules, " cab"), (Ids{6}));
  EXPECT_EQ(encode(rules, "cab"), (Ids{2, 5}));
}

TEST(Bpe, UnknownPiecesInMergesAreRefused) {
  BpeRules rules = letters();
  rules.merges = {{"a", "z"}};
  expect_refusal<FormatError>([&] { BpeModel(rules, "t.json"); },
                              "t.json: merge 0 names 'z', which is not in the vocabulary");
  rules.merges = {{"a", "b"}};
  expect_refusal<FormatError>([&] { BpeModel(rules, "t.json"); }, "merge 0 names 'ab'");
  rules.merges.clear();
  rules.unknown = "<unk>";
  expect_refusal<FormatError>([&] { BpeModel(rules, "t.json"); }, "unk_token names '<unk>'");
}

}  // namespace
}  // namespace austeer
