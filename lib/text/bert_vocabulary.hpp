#pragma once
// The older form of a BERT tokenizer: vocab.txt, a piece a line, and tokenizer_config.json beside
// it for what a vocabulary does not say. Many text classifiers are published so.

#include <filesystem>
#include <memory>

#include "text/tokenizer.hpp"

namespace austeer {

/// The WordPiece tokenizer of `folder`/vocab.txt, with the options of tokenizer_config.json where
/// there is one (do_lower_case, strip_accents, tokenize_chinese_chars, the special tokens) and
/// BERT's own where it is silent. Throws FileError, and FormatError for lines that are no pieces,
/// or special tokens that are none of them.
std::unique_ptr<Tokenizer> load_bert_vocabulary(const std::filesystem::path& folder);

}  // namespace austeer
