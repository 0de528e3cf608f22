#include "engine/batches.hpp"

#include <algorithm>
#include <utility>

namespace austeer {

void put_alike_together(std::vector<TextSlice>& slices) {
  std::ranges::stable_sort(slices, [](const TextSlice& a, const TextSlice& b) {
    return std::ranges::lexicographical_compare(a.tokens, b.tokens);
  });
}

std::vector<std::vector<TextSlice>> cut_into_passes(std::vector<TextSlice> slices, PassWay way,
                                                    std::int64_t budget) {
  const bool shares = way == PassWay::fast;
  if (shares) put_alike_together(slices);
  std::vector<std::vector<TextSlice>> passes;
  std::int64_t tokens = 0;
  for (TextSlice& slice : slices) {
    const auto all = static_cast<std::int64_t>(slice.tokens.size());
    const bool first = passes.empty();
    const std::int64_t more =
        shares && !first ? all - shared_tokens(passes.back().back(), slice) : all;
    if (first || tokens + more > budget) {
      passes.emplace_back();
      tokens = all;
    } else {
      tokens += more;
    }
    passes.back().push_back(std::move(slice));
  }
  return passes;
}

}  // namespace austeer
