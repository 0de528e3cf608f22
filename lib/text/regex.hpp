#pragma once
// Regular expressions of tokenizers, in Ruby's dialect by Oniguruma, which is the engine of the
// `tokenizers` package too, and with limits that a hostile pattern runs into.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// A half-open range of bytes.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// How long a text of `bytes` may become by replacements: far more than any tokenizer asks for, but
/// not what a hostile file could, whose steps multiply.
constexpr std::size_t grown_limit(std::size_t bytes) { return 64 * bytes + 4096; }

/// A compiled pattern; matching is const and may run in several threads.
class Regex {
 public:
  /// Compiles `pattern`; `place` opens messages. Throws FormatError for what does not compile.
  Regex(std::string_view pattern, std::string place);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// All matches in valid UTF-8 `text`, from left to right, none overlapping. Throws FormatError
  /// when a match takes more than a linear number of steps back or more than linear memory.
  std::vector<ByteRange> find_all(std::string_view text) const;

  /// `text` with every match replaced by `content`, taken literally. Throws as find_all does, and
  /// FormatError when the result would have more than `max_bytes`.
  std::string replace_all(std::string_view text, std::string_view content,
                          std::size_t max_bytes) const;

  /// The pattern that matches exactly `text`.
  static std::string escape(std::string_view text);

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
  std::string place_;
};

}  // namespace austeer
