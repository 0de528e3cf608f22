#pragma once
// The sections of a tokenizer.json around its model: added tokens, normalizer, pre-tokenizer,
// post-processor and decoder.

#include "base/json.hpp"
#include "text/composed_tokenizer.hpp"

namespace austeer {

/// Reads all top-level keys but `model` into `parts`. Throws FormatError, opened by `parts.place`,
/// for anything unknown or not supported.
void read_tokenizer_parts(const Json& document, TokenizerParts& parts);

}  // namespace austeer
