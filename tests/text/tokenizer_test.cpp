// Which tokenizer a folder gives, and SentencePiece models that are none.

#include "text/tokenizer.hpp"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "captured_log.hpp"
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
  EXPECT_EQ(tokenizer->decode(Ids{262, 264, -1, 2147483647, 261}), "ab") << "no tokens, no text";
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

/// <s> 0, ▁ 1, a 2, ▁a 3, without a post-processor.
constexpr std::string_view small_json = R"({
  "added_tokens": [{"id": 0, "content": "<s>", "special": true}],
  "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
  "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Fuse"},
  "model": {"type": "BPE", "vocab": {"<s>": 0, "\u2581": 1, "a": 2, "\u2581a": 3},
            "merges": ["\u2581 a"]}})";

TEST(LoadTokenizer, PrefersTheJson) {
  TemporaryFolder folder;
  expect_refusal<FileError>([&] { load_tokenizer(folder.path()); }, "neither tokenizer.json nor");
  write_file(folder / "tokenizer.model", small_model());
  EXPECT_EQ(load_tokenizer(folder.path())->size(), 264);
  write_file(folder / "tokenizer.json", small_json);
  EXPECT_EQ(load_tokenizer(folder.path())->size(), 4);
  write_file(folder / "tokenizer.json", "{");
  expect_refusal<FormatError>([&] { load_tokenizer(folder.path()); }, "tokenizer.json: not valid");
}

/// The folder's tokenizer with the lines that loading it logged.
struct Loaded {
  std::unique_ptr<Tokenizer> tokenizer;
  std::string log;
};

Loaded load_with_log(const std::filesystem::path& folder) {
  Loaded loaded;
  testing::CapturedLog log;
  loaded.tokenizer = load_tokenizer(folder);
  loaded.log = log.text();
  return loaded;
}

TEST(LoadTokenizer, TheClassDecidesForAJsonWithoutAPostProcessor) {
  TemporaryFolder folder;
  const auto with_config = [&](const std::string& config) {
    write_file(folder / "tokenizer_config.json", config);
    return load_with_log(folder.path());
  };
  write_file(folder / "tokenizer.json", small_json);
  EXPECT_EQ(load_tokenizer(folder.path())->encode(" a"), (Ids{3}));
  const Loaded none = with_config(R"({"add_bos_token": false, "bos_token": "<s>", "more": [1]})");
  EXPECT_EQ(none.tokenizer->encode(" a"), (Ids{3}));
  EXPECT_EQ(none.tokenizer->fingerprint(), sha256(small_json));
  EXPECT_EQ(none.log, "");
  for (const std::string type : {"LlamaTokenizer", "PreTrainedTokenizerFast", "GemmaTokenizer"}) {
    const Loaded loaded = with_config(fmt::format(
        R"({{"add_bos_token": true, "bos_token": "<s>", "tokenizer_class": "{}"}})", type));
    EXPECT_EQ(loaded.tokenizer->encode(" a"), (Ids{3})) << type;
    EXPECT_EQ(loaded.tokenizer->fingerprint(), sha256(small_json)) << type;
    EXPECT_NE(loaded.log.find("no BOS is put in front"), std::string::npos) << loaded.log;
  }
  const Loaded code = with_config(
      R"({"bos_token": {"content": "<s>"}, "tokenizer_class": "CodeLlamaTokenizerFast"})");
  EXPECT_EQ(code.tokenizer->encode(" a"), (Ids{0, 3}));
  EXPECT_EQ(code.tokenizer->encode(" a", false), (Ids{3}));
  EXPECT_NE(code.tokenizer->fingerprint(), sha256(small_json));
  EXPECT_NE(with_config(R"({"add_eos_token": true, "eos_token": "<s>"})").log.find("no EOS"),
            std::string::npos);
  expect_refusal<FormatError>(
      [&] { with_config(R"({"tokenizer_class": "CodeLlamaTokenizer", "bos_token": "<x>"})"); },
      "tokenizer_config.json names '<x>' as bos_token, which is no token");
  expect_refusal<FormatError>([&] { with_config(R"({"add_bos_token": "yes"})"); },
                              "'add_bos_token'");
  expect_refusal<FormatError>([&] { with_config("[]"); }, "tokenizer_config.json");

  std::string decided(small_json);
  const std::string nothing = R"("post_processor": null)";
  decided.replace(decided.find(nothing), nothing.size(),
                  R"("post_processor": {"type": "ByteLevel"})");
  write_file(folder / "tokenizer.json", decided);
  EXPECT_EQ(with_config(R"({"tokenizer_class": "CodeLlamaTokenizer"})").tokenizer->encode("a"),
            (Ids{2}))
      << "a post-processor decides";
}

TEST(LoadTokenizer, FilesBesideAJsonAddTokensAndSayWhichAreSpecial) {
  TemporaryFolder folder;
  write_file(folder / "tokenizer.json", small_json);
  write_file(folder / "added_tokens.json", R"({"<|end|>": 9, "<tool>": 6, "<s>": 0})");
  write_file(folder / "special_tokens_map.json", R"({"eos_token": {"content": "<|end|>"}})");
  const Loaded loaded = load_with_log(folder.path());
  EXPECT_EQ(loaded.log, "");
  const Tokenizer& tokenizer = *loaded.tokenizer;
  EXPECT_EQ(tokenizer.size(), 10);
  EXPECT_EQ(tokenizer.encode(" a<tool>a<|end|>"), (Ids{3, 6, 2, 9}));
  EXPECT_EQ(tokenizer.decode(Ids{2, 6, 8, 2, 9}), "a<tool>a");
  EXPECT_EQ(tokenizer.end_token(), 9);
  EXPECT_NE(tokenizer.fingerprint(), sha256(small_json));

  // Without an added_tokens_decoder the map counts.
  write_file(folder / "tokenizer_config.json", R"({"eos_token": "<s>"})");
  const Loaded older = load_with_log(folder.path());
  EXPECT_EQ(older.tokenizer->end_token(), 9);
  EXPECT_NE(older.log.find("tokenizer_config.json says '<s>': the former counts"),
            std::string::npos);
  std::filesystem::remove(folder / "tokenizer_config.json");

  write_file(folder / "added_tokens.json", R"({"<s>": 3, "<new>": 1})");
  write_file(folder / "special_tokens_map.json", "{}");
  const Loaded contradicted = load_with_log(folder.path());
  EXPECT_NE(contradicted.log.find("'<s>' is the token 0, but the files beside it say 3"),
            std::string::npos);
  EXPECT_NE(contradicted.log.find("the token 1 is '\u2581', but the files beside it say '<new>'"),
            std::string::npos);
  EXPECT_EQ(contradicted.tokenizer->encode("<new>"),
            load_tokenizer(folder.path())->encode("<new>"));
  EXPECT_EQ(contradicted.tokenizer->fingerprint(), sha256(small_json)) << "nothing has changed";
}

TEST(LoadTokenizer, TokensAddedToAModelAreWhole) {
  TemporaryFolder folder;
  write_file(folder / "tokenizer.model", small_model());
  write_file(folder / "tokenizer_config.json", R"({"eos_token": "<|end|>", "added_tokens_decoder": {
      "0": {"content": "<unk>", "special": true, "normalized": true}, "264": {"content": "<|start|>",
      "special": true}, "266": {"content": "<|end|>", "lstrip": true}, "270": {"content": "<tool>"}}})");
  write_file(folder / "added_tokens.json", R"({"<|start|>": 264, "<|more|>": 267})");
  const Loaded loaded = load_with_log(folder.path());
  const Tokenizer& tokenizer = *loaded.tokenizer;
  EXPECT_EQ(loaded.log, "");
  EXPECT_EQ(tokenizer.size(), 271);
  EXPECT_EQ(tokenizer.encode("<|start|>ab <|end|>"), (Ids{1, 264, 263, 266}));
  EXPECT_EQ(tokenizer.encode("a<tool><|more|>"), (Ids{1, 262, 270, 267}));
  EXPECT_EQ(tokenizer.decode(Ids{1, 264, 262, 266, 265, 268, 270, 267, 271}), "a<tool><|more|>");
  EXPECT_EQ(tokenizer.find("<|end|>"), 266);
  EXPECT_EQ(tokenizer.end_token(), 266);
  EXPECT_NE(tokenizer.fingerprint(), sha256(small_model()));
}

TEST(LoadTokenizer, FilesBesideAModelThatSayWhatItSaysChangeNothing) {
  TemporaryFolder folder;
  write_file(folder / "tokenizer.model", small_model());
  write_file(folder / "tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": "</s>",
      "pad_token": "[PAD]", "additional_special_tokens": [], "added_tokens_decoder": {
      "1": {"content": "<s>", "special": true}, "2": {"content": "</s>", "special": true}}})");
  const Loaded loaded = load_with_log(folder.path());
  EXPECT_EQ(loaded.tokenizer->fingerprint(), sha256(small_model()));
  EXPECT_EQ(loaded.log, "");
  EXPECT_EQ(loaded.tokenizer->end_token(), 2);
}

TEST(LoadTokenizer, ContradictionsAroundAModelAreSaid) {
  TemporaryFolder folder;
  write_file(folder / "tokenizer.model", small_model());
  write_file(folder / "tokenizer_config.json",
             R"({"bos_token": "<b>", "eos_token": "<|x|>", "add_eos_token": true,
      "added_tokens_decoder": {"264": {"content": "<b>"}, "260": {"content": "<renamed>"}}})");
  write_file(folder / "added_tokens.json", R"({"<b>": 265, "<c>": 264, "a": 7})");
  write_file(folder / "special_tokens_map.json", R"({"bos_token": "<s>"})");
  const Loaded loaded = load_with_log(folder.path());
  for (const std::string part :
       {"'<b>' is the token 265, but tokenizer_config.json says 264, which counts",
        "the token 264 is '<c>', but elsewhere '<b>', which counts",
        "'bos_token' is '<s>', but tokenizer_config.json says '<b>': the latter counts",
        "the token 260 is 'a', but the files beside it say '<renamed>': the latter counts",
        "'a' is the token 260, but the files beside it say 7: the former counts",
        "its BOS is '<s>', but the files beside it name '<b>', which counts",
        "name '<|x|>' as EOS, which is no token"}) {
    EXPECT_NE(loaded.log.find(part), std::string::npos) << part << "\n" << loaded.log;
  }
  EXPECT_EQ(loaded.tokenizer->encode("b<renamed>"), (Ids{264, 259, 261, 260, 2}));
  EXPECT_EQ(loaded.tokenizer->decode(Ids{264, 261, 260}), "b<renamed>") << "a BOS is special";
}

TEST(LoadTokenizer, MalformedFilesBesideItAreRefused) {
  TemporaryFolder folder;
  write_file(folder / "tokenizer.model", small_model());
  const auto expect_refused = [&](const std::string& name, const std::string& content,
                                  const std::string& part) {
    write_file(folder / name, content);
    expect_refusal<FormatError>([&] { load_tokenizer(folder.path()); }, part);
    expect_refusal<FormatError>([&] { load_tokenizer(folder.path()); }, name);
    std::filesystem::remove(folder / name);
  };
  expect_refused("added_tokens.json", R"({"<x>": -1})", "the added token '<x>' has a wrong id");
  expect_refused("added_tokens.json", R"({"<x>": 4194304})", "0 to 4194303; found 4194304");
  expect_refused("added_tokens.json", R"({"": 300})", "not empty");
  expect_refused("added_tokens.json", R"([300])", "an object");
  expect_refused("added_tokens.json", R"({"<x>": "300"})", "'<x>'");
  expect_refused("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "<x>"}}})",
                 "the added token '<x>' has a wrong id; expected 0 to 4194303; found x");
  expect_refused("tokenizer_config.json", R"({"added_tokens_decoder": {"300": {"content": ""}}})",
                 "not empty");
  expect_refused("tokenizer_config.json", R"({"added_tokens_decoder": {"300": "<x>"}})",
                 "an object");
  expect_refused("special_tokens_map.json", R"({"eos_token": 3})", "'eos_token'");
  expect_refused("special_tokens_map.json", R"({"additional_special_tokens": "<x>"})",
                 "'additional_special_tokens'");
}

TEST(LoadTokenizer, TheConfigurationDecidesForAModel) {
  TemporaryFolder folder;
  write_file(folder / "tokenizer.model", small_model());
  EXPECT_EQ(load_tokenizer(folder.path())->encode("ab"), (Ids{1, 262, 261}));
  EXPECT_EQ(load_tokenizer(folder.path())->fingerprint(), sha256(small_model()));
  write_file(folder / "tokenizer_config.json",
             R"({"add_bos_token": false, "add_eos_token": true})");
  EXPECT_EQ(load_tokenizer(folder.path())->encode("ab"), (Ids{262, 261, 2}));
  EXPECT_EQ(load_tokenizer(folder.path())->encode("ab", false), (Ids{262, 261}));
  EXPECT_NE(load_tokenizer(folder.path())->fingerprint(), sha256(small_model()));
}

}  // namespace
}  // namespace austeer
