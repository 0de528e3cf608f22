#pragma once
// The older form of a RoBERTa tokenizer: vocab.json and merges.txt, and tokenizer_config.json
// beside them for the special tokens. Many text classifiers are published so.

#include <filesystem>
#include <memory>

#include "text/tokenizer.hpp"

namespace austeer {

/// The byte-level BPE tokenizer of `folder`/vocab.json and merges.txt, with <s> before a text and
/// </s> after it. Throws FileError, and FormatError for what is malformed and for the vocabularies
/// of other families (GPT-2), which do not have these tokens.
std::unique_ptr<Tokenizer> load_roberta_vocabulary(const std::filesystem::path& folder);

}  // namespace austeer
