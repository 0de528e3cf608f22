// The names of GGUF files' pre-tokenizers: the ids of each against what the `tokenizers` package
// makes with the expressions of the models themselves (tests/reference/pre_tokenizers.py).

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "testing.hpp"
#include "text/bpe.hpp"
#include "text/pre_tokenizer.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

const std::filesystem::path named_folder =
    std::filesystem::path(AUSTEER_REFERENCE_DIR) / "pre_tokenizers";

BpeVocabulary reference_vocabulary(const std::string& name) {
  const Json json = read_json(named_folder / "vocabulary.json");
  BpeVocabulary vocabulary;
  vocabulary.place = name;
  vocabulary.pre_tokenizer = name;
  vocabulary.tokens = json.at("tokens").get<std::vector<std::string>>();
  vocabulary.types.assign(vocabulary.tokens.size(), static_cast<std::int32_t>(TokenType::normal));
  vocabulary.types.back() = static_cast<std::int32_t>(TokenType::control);
  for (const Json& merge : json.at("merges")) {
    vocabulary.merges.push_back(split_merge(merge.get<std::string>(), name));
  }
  vocabulary.bos = json.at("bos").get<TokenId>();
  vocabulary.add_bos = adds_bos(name);
  return vocabulary;
}

class NamedPreTokenizers : public ::testing::TestWithParam<const char*> {};

TEST_P(NamedPreTokenizers, CutTextsAsTheirModelsDo) {
  const std::string name = GetParam();
  const Json texts = read_json(named_folder / "texts.json");
  const Json expected = read_json(named_folder / (name + ".json"));
  ASSERT_GT(texts.size(), 1200U);
  ASSERT_EQ(texts.size(), expected.size());
  const auto tokenizer = make_tokenizer(reference_vocabulary(name));
  int different = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Json ids = tokenizer->encode(texts[i].get<std::string>());
    if (ids == expected[i] || ++different > 3) continue;
    ADD_FAILURE() << texts[i].dump().substr(0, 300) << "\n  ours   " << ids.dump().substr(0, 400)
                  << "\n  theirs " << expected[i].dump().substr(0, 400);
  }
  EXPECT_EQ(different, 0) << "of " << texts.size() << " texts";
}

INSTANTIATE_TEST_SUITE_P(Reference, NamedPreTokenizers,
                         ::testing::Values("gpt-2", "exaone4", "starcoder", "falcon3", "smaug-bpe",
                                           "jais-2", "qwen2", "deepseek-r1-qwen", "stablelm2",
                                           "qwen35", "laguna", "ufakzeka", "bailingmoe",
                                           "seed-coder", "exaone-moe", "gpt-4o", "llama4",
                                           "tiny_aya", "tekken", "youtu", "falcon", "bloom",
                                           "viking", "deepseek-coder", "deepseek-v3", "spark2_5"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase_if(name, [](char c) { return c == '-'; });
                           return name;
                         });

TEST(NamedPreTokenizersTable, EveryNameMakesATokenizer) {
  const std::vector<std::string> names = pre_tokenizer_names();
  EXPECT_GT(names.size(), 60U);
  for (const std::string& name : names) {
    BpeVocabulary vocabulary;
    vocabulary.place = name;
    vocabulary.pre_tokenizer = name;
    vocabulary.tokens = {"a", "b", "\u0120", "ab", "!", "1"};
    vocabulary.merges = {{"a", "b"}};
    EXPECT_EQ(make_tokenizer(vocabulary)->decode(make_tokenizer(vocabulary)->encode("ab !1ab")),
              "ab !1ab")
        << name;
  }
}

TEST(NamedPreTokenizersTable, DeepSeekLlmRunsItsOwnLettersTogether) {
  BpeVocabulary vocabulary;
  vocabulary.pre_tokenizer = "deepseek-llm";
  vocabulary.tokens = {"a", "b", "\u0120", "!", "\u0120a", "ab", "!!", "\u0120!", "b!"};
  vocabulary.merges = {{"b", "!"}, {"\u0120", "a"}, {"a", "b"}, {"\u0120", "!"}, {"!", "!"}};
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("ab!!"), (std::vector<TokenId>{5, 6})) << "no merge across";
  EXPECT_EQ(tokenizer->encode(" a !"), (std::vector<TokenId>{4, 7})) << "a space goes along";
}

TEST(NamedPreTokenizersTable, UnknownNamesAreRefused) {
  for (const std::string name : {"kimi-k2", "roberta-bpe", "llama-bpee", ""}) {
    expect_refusal<FormatError>([&] { named_pre_tokenizer(name, "m.gguf"); },
                                "m.gguf: unknown pre-tokenizer '" + name + "'");
    EXPECT_FALSE(adds_bos(name));
  }
  expect_refusal<FormatError>([] { named_pre_tokenizer("teken", "m"); }, "did you mean 'tekken'?");
}

}  // namespace
}  // namespace austeer
