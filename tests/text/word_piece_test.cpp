// A small_pieces WordPiece tokenizer.json, what it does to texts, and each way to break it.

#include "text/word_piece.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"
#include "text/tokenizer_json.hpp"

namespace austeer {
namespace {

using nlohmann::json;
using testing::expect_refusal;
using Ids = std::vector<TokenId>;

constexpr std::string_view small_pieces = R"({
  "version": "1.0",
  "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0},
  "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
  "added_tokens": [
    {"id": 0, "content": "[CLS]", "special": true, "normalized": false,
     "single_word": false, "lstrip": false, "rstrip": false},
    {"id": 1, "content": "[SEP]", "special": true, "normalized": false,
     "single_word": false, "lstrip": false, "rstrip": false}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
    "strip_accents": null, "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 0]},
  "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 6,
    "vocab": {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "un": 3, "##able": 4, "##a": 5, "##b": 6,
      "a": 7, "##": 8, ",": 9, "u": 10}}})";

std::unique_ptr<Tokenizer> make_pieces(std::string_view text) {
  return make_tokenizer(parse_tokenizer_json(text, "t.json"));
}

Ids plain_pieces(std::string_view text) { return make_pieces(small_pieces)->encode(text, false); }

void expect_pieces_refused(const std::function<void(json&)>& damage, const std::string& message) {
  json document = json::parse(small_pieces);
  damage(document);
  expect_refusal<FormatError>([&] { make_pieces(document.dump()); }, message);
  expect_refusal<FormatError>([&] { make_pieces(document.dump()); }, "t.json");
}

TEST(WordPiece, TakesTheLongestPieceEachTime) {
  EXPECT_EQ(plain_pieces("unable"), (Ids{3, 4}));
  EXPECT_EQ(plain_pieces("unab"), (Ids{3, 5, 6}));
  EXPECT_EQ(plain_pieces("ua"), (Ids{10, 5}));
}

TEST(WordPiece, ANotWhollyKnownWordIsOneUnknown) {
  EXPECT_EQ(plain_pieces("unx a"), (Ids{2, 7}));
  EXPECT_EQ(plain_pieces("b"), (Ids{2})) << "only ##b is a piece";
}

TEST(WordPiece, CountsCharactersNotBytesAgainstTheLimit) {
  EXPECT_EQ(plain_pieces("uaaaaa"), (Ids{10, 5, 5, 5, 5, 5}));
  EXPECT_EQ(plain_pieces("uaaaaaa"), (Ids{2}));
  const auto model = WordPieceModel({{{"[UNK]", 0}, {"\u00e9", 1}}, "[UNK]", "", 3}, "test");
  Ids ids;
  model.encode_word("\u00e9\u00e9\u00e9", ids);
  EXPECT_EQ(ids, (Ids{1, 1, 1}));
}

TEST(WordPiece, ThePrefixAloneIsNoPieceWithinAWord) {
  const auto model =
      WordPieceModel({{{"[UNK]", 0}, {"a", 1}, {"##", 2}}, "[UNK]", "##", 9}, "test");
  Ids ids;
  model.encode_word("aa", ids);
  EXPECT_EQ(ids, (Ids{0}));
  ids.clear();
  model.encode_word("##", ids);
  EXPECT_EQ(ids, (Ids{2})) << "at the start it is text like any other";
}

TEST(WordPiece, TruncationAndPaddingOfTheFileAreTheCallersBusiness) {
  EXPECT_EQ(make_pieces(small_pieces)->encode("un,a un"), (Ids{0, 3, 9, 7, 3, 1}));
}

TEST(WordPiece, DecodesWordsWithSpacesAndPiecesWithout) {
  const auto tokenizer = make_pieces(small_pieces);
  EXPECT_EQ(tokenizer->decode(Ids{0, 3, 4, 9, 7, 5, 1}), "unable, aa");
  EXPECT_EQ(tokenizer->decode(Ids{4, 3}), "##able un") << "the first piece stays as it is";
}

TEST(WordPiece, EndsInTime) {
  // A tree of pieces that overlap as much as they can, and a word that fails at its last character.
  WordPieceRules rules;
  rules.vocabulary.emplace("[UNK]", 0);
  for (TokenId length = 1; length < 400; ++length) {
    rules.vocabulary.emplace("##" + std::string(static_cast<std::size_t>(length), 'a'), length);
  }
  rules.vocabulary.emplace("a", 400);
  rules.max_word_characters = 1'000'000;
  const WordPieceModel model(rules, "test");
  Ids ids;
  model.encode_word(std::string(500'000, 'a') + "b", ids);
  EXPECT_EQ(ids, (Ids{0}));
}

TEST(WordPiece, RefusesWhatItCannotUse) {
  expect_pieces_refused([](json& j) { j["model"]["unk_token"] = "<unk>"; },
                        "the unknown token '<unk>' is not in the vocabulary");
  expect_pieces_refused([](json& j) { j["model"]["max_input_chars_per_word"] = 0; },
                        "max_input_chars_per_word must be at least 1");
  expect_pieces_refused([](json& j) { j["model"].erase("continuing_subword_prefix"); },
                        "continuing_subword_prefix");
  expect_pieces_refused(
      [](json& j) {
        j["model"]["merges"] = 1;
        j["model"]["dropout"] = 0.5;
      },
      "unknown key 'dropout'");
  expect_pieces_refused([](json& j) { j["model"]["type"] = "WordLevel"; },
                        "the model type 'WordLevel' is not supported");
  expect_pieces_refused([](json& j) { j["model"]["vocab"]["u"] = 5000000; },
                        "'u' has the id 5000000, but ids go to 4194303 at most");
  expect_pieces_refused([](json& j) { j["model"]["vocab"]["u"] = -1; }, "'u' has no valid id");
  expect_pieces_refused([](json& j) { j["normalizer"]["lowercase"] = 1; }, "lowercase");
  expect_pieces_refused([](json& j) { j["normalizer"]["accents"] = true; },
                        "unknown key 'accents'");
  expect_pieces_refused([](json& j) { j["post_processor"]["sep"] = {"[SEP]"}; },
                        "'sep' is not [\"piece\", id]");
  expect_pieces_refused([](json& j) { j["post_processor"]["cls"][1] = 11; },
                        "the default special token has id 11, but ids are below 11");
  expect_pieces_refused(
      [](json& j) {
        j["pre_tokenizer"] = {{"type", "ByteLevel"}};
      },
      "ByteLevel is supported only with a BPE model");
  expect_pieces_refused(
      [](json& j) {
        j["decoder"] = {{"type", "ByteLevel"}};
      },
      "ByteLevel undoes a pre-tokenizer ByteLevel");
}

class BertVocabulary : public ::testing::Test {
 protected:
  void SetUp() override { write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\r\n[SEP]\n[MASK]\nA\na\n##b"); }
  void write(const std::string& name, const std::string& text) { write_file(folder_ / name, text); }
  Ids encode(std::string_view text) const { return load_tokenizer(folder_.path())->encode(text); }
  void expect_pieces_refused(const std::string& message) const {
    expect_refusal<FormatError>([&] { load_tokenizer(folder_.path()); }, message);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(BertVocabulary, IsReadWithTheOptionsBesideIt) {
  EXPECT_EQ(encode("A[MASK]\u00e4b"), (Ids{2, 6, 4, 6, 7, 3}));
  const std::string before = load_tokenizer(folder_.path())->fingerprint();
  write("tokenizer_config.json", R"({"do_lower_case": false, "mask_token": "##b"})");
  EXPECT_EQ(encode("A \u00e4b##b"), (Ids{2, 5, 1, 7, 3}));
  EXPECT_NE(load_tokenizer(folder_.path())->fingerprint(), before);
}

TEST_F(BertVocabulary, RefusesWhatItCannotUse) {
  write("tokenizer_config.json", R"({"cls_token": "[START]"})");
  expect_pieces_refused("the special token '[START]' is not in it");
  write("tokenizer_config.json", R"({"do_basic_tokenize": false})");
  expect_pieces_refused("do_basic_tokenize");
  write("tokenizer_config.json", R"({"do_lower_case": "yes"})");
  expect_pieces_refused("do_lower_case");
  write("tokenizer_config.json", "{}");
  write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\n\na\n");
  expect_pieces_refused("the token 5 is empty");
  write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na\na\n");
  expect_pieces_refused("the tokens 5 and 6 are both 'a'");
  write("vocab.txt", "");
  expect_pieces_refused("is not in it");
}

TEST(RobertaVocabulary, IsFramedAndRefusesOtherFamilies) {
  const testing::TemporaryFolder folder;
  const auto expect_pieces_refused = [&](const std::string& message) {
    expect_refusal<FormatError>([&] { load_tokenizer(folder.path()); }, message);
  };
  write_file(folder / "vocab.json",
             R"({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "b": 5, "ab": 6})");
  write_file(folder / "merges.txt", "#version: 0.2\r\na b\r\n");
  const auto tokenizer = load_tokenizer(folder.path());
  EXPECT_EQ(tokenizer->encode("ab<mask>a"), (Ids{0, 6, 7, 4, 2}));
  write_file(folder / "tokenizer_config.json", R"({"mask_token": "a"})");
  EXPECT_NE(load_tokenizer(folder.path())->fingerprint(), tokenizer->fingerprint());
  write_file(folder / "tokenizer_config.json", R"({"cls_token": 3})");
  expect_pieces_refused("cls_token");
  write_file(folder / "tokenizer_config.json", "{}");
  write_file(folder / "merges.txt", "#version: 0.2\na c\n");
  expect_pieces_refused("'c'");
  write_file(folder / "merges.txt", "a b c\n");
  expect_pieces_refused("entry 0");
  write_file(folder / "vocab.json", R"({"<|endoftext|>": 0})");
  expect_pieces_refused("Only RoBERTa's form of vocab.json is supported");
  write_file(folder / "vocab.json", R"({"<s>": -1})");
  expect_pieces_refused("is not in it");
  write_file(folder / "vocab.json", "[]");
  expect_pieces_refused("not an object");
  std::filesystem::remove(folder / "vocab.json");
  expect_refusal<FileError>([&] { load_tokenizer(folder.path()); }, "vocab.json");
}

TEST(BertText, StripsAccentsWithoutLowerCase) {
  EXPECT_EQ(bert_normalise("\u00c4\u00c9 e\u0301", {true, true, true, false}), "AE e");
  EXPECT_EQ(bert_normalise("\u00c4\u00c9 \u0130", {true, true, false, true}),
            "\u00e4\u00e9 i\u0307");
}

TEST(BertText, CleansControlsAndSpacesIdeographs) {
  const std::string_view text{"a\0\x07\tb\u00a0\u200b\u6f22x", 14};
  EXPECT_EQ(bert_normalise(text, {}), "a b  \u6f22 x");
  EXPECT_EQ(bert_normalise(text, {false, false, false, false}), text);
}

TEST(BertText, CutsAtSpacesAndAroundPunctuation) {
  std::vector<std::string_view> words;
  append_bert_words(" it's\u3000$5 \u2014x", words);
  EXPECT_EQ(words, (std::vector<std::string_view>{"it", "'", "s", "$", "5", "\u2014", "x"}));
}

}  // namespace
}  // namespace austeer
