// What all tokenizers do with their default special tokens, and which tokenizer a Hugging Face
// folder holds.
#include "text/tokenizer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/utf8.hpp"
#include "text/bpe.hpp"
#include "text/sentencepiece.hpp"
#include "text/tokenizer_config.hpp"
#include "text/tokenizer_json.hpp"
#include "text/word_piece.hpp"

namespace austeer {

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool add_special_tokens) const {
  std::vector<TokenId> ids = encode_text(text);
  if (!add_special_tokens) return ids;
  if (!opens_with_prefix(ids)) {
    ids.insert(ids.begin(), prefix_.begin(), prefix_.end());
  } else if (!prefix_.empty() && !told_of_bos_.test_and_set()) {
    spdlog::warn("tokenizer: a text opens with BOS already ('{}…'); none is put in front of it",
                 repair_utf8(text.substr(0, 24)));
  }
  ids.insert(ids.end(), suffix_.begin(), suffix_.end());
  return ids;
}

bool Tokenizer::adds_tokens_to(std::string_view text) const {
  return !suffix_.empty() || !opens_with_prefix(encode_text(text));
}

bool Tokenizer::opens_with_prefix(const std::vector<TokenId>& ids) const {
  return ids.size() >= prefix_.size() && std::equal(prefix_.begin(), prefix_.end(), ids.begin());
}

void Tokenizer::set_default_tokens(std::vector<TokenId> prefix, std::vector<TokenId> suffix) {
  prefix_ = std::move(prefix);
  suffix_ = std::move(suffix);
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  const std::filesystem::path json = folder / "tokenizer.json";
  const std::filesystem::path model = folder / "tokenizer.model";
  if (std::filesystem::exists(json)) {
    return make_tokenizer(parse_tokenizer_json(read_file(json), json.string()),
                          read_tokenizer_config(folder));
  }
  if (std::filesystem::exists(model)) {
    return make_sentencepiece_tokenizer(read_file(model), model.string(),
                                        read_tokenizer_config(folder));
  }
  if (std::filesystem::exists(folder / "vocab.txt")) return load_bert_vocabulary(folder);
  if (std::filesystem::exists(folder / "merges.txt")) return load_roberta_vocabulary(folder);
  throw FileError("tokenizer",
                  fmt::format("{} has neither tokenizer.json nor tokenizer.model nor a vocabulary",
                              folder.string()),
                  "Is it a model folder in Hugging Face's layout?");
}

}  // namespace austeer
