// Which tokenizer a Hugging Face folder holds.
#include "text/tokenizer.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "text/bert_vocabulary.hpp"
#include "text/roberta_vocabulary.hpp"
#include "text/sentencepiece.hpp"
#include "text/tokenizer_config.hpp"
#include "text/tokenizer_json.hpp"

namespace austeer {

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
