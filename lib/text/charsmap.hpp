#pragma once
// SentencePiece's precompiled normalisation: a table of byte sequences and what they become, as the
// normalizer "Precompiled" of a tokenizer.json holds it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// The table is a double-array trie, whose values are places in a list of texts that end with NUL.
class Charsmap {
 public:
  /// Reads `base64`. Throws FormatError, opened by `place`, for what is not base64, or not a trie
  /// of 32-bit units with its texts behind it.
  Charsmap(std::string_view base64, const std::string& place);

  /// The normalised text of valid UTF-8 `text`, as the `tokenizers` package does it: grapheme by
  /// grapheme, and where the table has none, character by character. Throws FormatError when the
  /// result would have more than `max_bytes`.
  std::string apply(std::string_view text, std::size_t max_bytes) const;

 private:
  /// What the shortest entry that `text` starts with becomes.
  std::optional<std::string_view> replacement(std::string_view text) const;

  std::vector<std::uint32_t> units_;
  std::string texts_;
  std::string place_;
};

}  // namespace austeer
