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
  if (way == PassWay::fast) put_alike_together(slices);
  std::vector<std::vector<TextSlice>> passes;
  std::int64_t tokens = 0;
  for (TextSlice& slice : slices) {
    const TextSlice* const before = passes.empty() ? nullptr : &passes.back().back();
    tokens += computed_tokens(before, slice, way);
    if (before == nullptr || tokens > budget) {
      passes.emplace_back();
      tokens = computed_tokens(nullptr, slice, way);
    }
    passes.back().push_back(std::move(slice));
  }
  return passes;
}

}  // namespace austeer
