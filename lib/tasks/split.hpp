#pragma once
// Split expressions: "train", "test", "train[:600]", "train[600:]", "train[100:200]".

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace austeer {

/// A split and the part of it that is wanted.
struct Split {
  std::string expression;  ///< as it was written, for messages
  std::string name;        ///< "train"
  std::size_t first = 0;
  std::optional<std::size_t> last;  ///< the item after the last one; nothing: to the end
};

/// Reads a split expression: a name, then nothing or a half-open range [first:last] whose ends may
/// be left out. Throws UsageError for anything else, negative numbers included.
Split parse_split(std::string_view expression);

/// The half-open range of a split with `count` items. Throws UsageError, saying how many items
/// there are, when the range is empty or reaches beyond them.
std::pair<std::size_t, std::size_t> split_range(const Split& split, std::size_t count);

}  // namespace austeer
