#pragma once
// The pre-tokenizers that GGUF files call by name (`tokenizer.ggml.pre`), as llama.cpp knows them.

#include <string>
#include <vector>

#include "text/unicode.hpp"

namespace austeer {

/// What a name stands for.
struct NamedPreTokenizer {
  std::vector<std::string> patterns;     ///< each isolates its matches, one after the other
  std::vector<NormalForm> normal_forms;  ///< of the text, before
  bool ignore_merges = false;            ///< see BpeRules
  bool add_bos = false;                  ///< BOS goes first where the file does not say
};

/// The pre-tokenizer of a name. Throws FormatError, opened by `place`, for an unknown one.
const NamedPreTokenizer& named_pre_tokenizer(const std::string& name, const std::string& place);

/// Whether tokenizers with this pre-tokenizer put BOS first where the file does not say; not those
/// of an unknown name.
bool adds_bos(const std::string& name);

/// All names, in alphabetical order.
std::vector<std::string> pre_tokenizer_names();

}  // namespace austeer
