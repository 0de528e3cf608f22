// Every tokenizer of tests/reference/tokenizer.py against what the Python packages made of the
// same corpus: equal ids for every text, equal text for every list of ids.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/files.hpp"
#include "base/json.hpp"
#include "text/bpe.hpp"
#include "text/sentencepiece.hpp"
#include "text/tokenizer.hpp"

namespace austeer {
namespace {

const std::filesystem::path& reference_folder() {
  static const std::filesystem::path folder =
      std::filesystem::path(AUSTEER_REFERENCE_DIR) / "tokenizers";
  return folder;
}

std::vector<Json> read_lines(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  std::vector<Json> lines;
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    const std::string place = fmt::format("{}:{}", file.string(), lines.size() + 1);
    lines.push_back(parse_json(std::string_view(text).substr(start, end - start), place));
    start = end + 1;
  }
  return lines;
}

/// The fields that both kinds of vocabulary.json have.
template <typename Vocabulary>
void read_common(const Json& json, const std::filesystem::path& file, Vocabulary& vocabulary) {
  vocabulary.place = file.string();
  vocabulary.tokens = json.at("tokens").get<std::vector<std::string>>();
  vocabulary.types = json.at("types").get<std::vector<std::int32_t>>();
  vocabulary.bos = json.at("bos").get<TokenId>();
  vocabulary.eos = json.at("eos").get<TokenId>();
}

std::unique_ptr<Tokenizer> from_bpe_vocabulary(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "vocabulary.json";
  const Json json = read_json(file);
  BpeVocabulary vocabulary;
  read_common(json, file, vocabulary);
  for (const Json& merge : json.at("merges")) {
    vocabulary.merges.push_back(split_merge(merge.get<std::string>(), vocabulary.place));
  }
  vocabulary.pre_tokenizer = json.at("pre").get<std::string>();
  vocabulary.add_bos = json.at("add_bos").get<bool>();
  return make_tokenizer(vocabulary);
}

std::unique_ptr<Tokenizer> from_sentencepiece_vocabulary(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "vocabulary.json";
  const Json json = read_json(file);
  SentencePieceVocabulary vocabulary;
  read_common(json, file, vocabulary);
  vocabulary.scores = json.at("scores").get<std::vector<double>>();
  vocabulary.unknown = json.at("unknown").get<TokenId>();
  if (json.contains("add_space_prefix")) {
    vocabulary.add_space_prefix = json.at("add_space_prefix").get<bool>();
  }
  return make_tokenizer(vocabulary);
}

/// What the script wrote into one folder, and a way to make the tokenizer from it.
struct Case {
  std::string name;
  std::string folder;
  std::unique_ptr<Tokenizer> (*make)(const std::filesystem::path& folder);
};

std::ostream& operator<<(std::ostream& stream, const Case& one) { return stream << one.name; }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* folder : {"smollm2_style",
                             "llama3_style",
                             "qwen2_style",
                             "characters_style",
                             "split_isolated",
                             "split_removed",
                             "split_previous",
                             "split_contiguous",
                             "split_next",
                             "llama2",
                             "llama2_json",
                             "llama2_metaspace",
                             "gemma",
                             "gemma_json",
                             "llama3",
                             "qwen3",
                             "roberta_style",
                             "bert_cased",
                             "bert_bare",
                             "bert_stripped",
                             "minilm",
                             "bert_vocab_txt",
                             "roberta_vocab_json",
                             "falcon3_style",
                             "deepseek_style",
                             "punctuation_isolated",
                             "punctuation_removed",
                             "punctuation_previous",
                             "punctuation_next",
                             "unigram_style",
                             "unigram_bytes",
                             "unigram_first"}) {
    all.push_back({folder, folder, &load_tokenizer});
  }
  all.push_back({"smollm2_gguf", "smollm2_gguf", &from_bpe_vocabulary});
  all.push_back({"llama2_gguf", "llama2", &from_sentencepiece_vocabulary});
  all.push_back({"gemma_gguf", "gemma", &from_sentencepiece_vocabulary});
  return all;
}

class TokenizerParity : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(reference_folder() / "complete"))
        << "no reference data in " << reference_folder()
        << "; run: python tests/reference/tokenizer.py " << reference_folder();
    folder_ = reference_folder() / GetParam().folder;
    static std::map<std::string, std::unique_ptr<Tokenizer>> made;  // large ones take seconds
    std::unique_ptr<Tokenizer>& tokenizer = made[GetParam().name];
    if (tokenizer == nullptr) tokenizer = GetParam().make(folder_);
    tokenizer_ = tokenizer.get();
  }

  std::filesystem::path folder_;
  const Tokenizer* tokenizer_ = nullptr;
};

constexpr int shown_differences = 5;

TEST_P(TokenizerParity, EncodesEveryTextToTheSameIds) {
  const std::filesystem::path own = folder_ / "corpus.jsonl";
  const std::vector<Json> texts =
      read_lines(std::filesystem::exists(own) ? own : reference_folder() / "corpus.jsonl");
  ASSERT_GE(texts.size(), 5000u);
  for (const bool special : {true, false}) {
    const auto expected = read_lines(folder_ / (special ? "encoded.jsonl" : "plain.jsonl"));
    ASSERT_EQ(texts.size(), expected.size());
    int different = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Json ids = tokenizer_->encode(texts[i].get<std::string>(), special);
      if (ids == expected[i] || ++different > shown_differences) continue;
      ADD_FAILURE() << "text " << i << ": " << texts[i].dump().substr(0, 300) << "\n  ours   "
                    << ids.dump().substr(0, 600) << "\n  theirs "
                    << expected[i].dump().substr(0, 600);
    }
    EXPECT_EQ(different, 0) << "of " << texts.size() << " texts";
  }
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

TEST_P(TokenizerParity, ReadsBytesThatAreNotUtf8AsReplacementCharacters) {
  const std::vector<Json> texts = read_lines(reference_folder() / "ill_formed.jsonl");
  const std::vector<Json> expected = read_lines(folder_ / "ill_formed.jsonl");
  ASSERT_GE(texts.size(), 100u);
  ASSERT_EQ(texts.size(), expected.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Json ids = tokenizer_->encode(bytes_of_hex(texts[i].get<std::string>()));
    EXPECT_EQ(ids, expected[i]) << "bytes " << texts[i];
  }
}

TEST_P(TokenizerParity, DecodesEveryListOfIdsToTheSameText) {
  const std::vector<Json> lists = read_lines(folder_ / "decoded.jsonl");
  ASSERT_GT(lists.size(), 1000u);
  int different = 0;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto ids = lists[i].at("ids").get<std::vector<TokenId>>();
    const Json text = tokenizer_->decode(ids);
    if (text == lists[i].at("text") || ++different > shown_differences) continue;
    ADD_FAILURE() << "list " << i << ": " << lists[i].at("ids").dump().substr(0, 300)
                  << "\n  ours   " << text.dump().substr(0, 300) << "\n  theirs "
                  << lists[i].at("text").dump().substr(0, 300);
  }
  EXPECT_EQ(different, 0) << "of " << lists.size() << " lists";
}

TEST_P(TokenizerParity, EveryIdIsBelowTheSize) {
  std::set<TokenId> seen;
  for (const Json& ids : read_lines(folder_ / "encoded.jsonl")) {
    for (const Json& id : ids) seen.insert(id.get<TokenId>());
  }
  EXPECT_GE(*seen.begin(), 0);
  EXPECT_LT(*seen.rbegin(), tokenizer_->size());
}

INSTANTIATE_TEST_SUITE_P(Reference, TokenizerParity, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace austeer
