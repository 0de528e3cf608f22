#pragma once
// The header of a .npy array (NumPy's format, versions 1 to 3): a magic number, a length, and a
// Python dictionary with the element type, the order and the shape.

#include <ATen/ATen.h>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

struct NpyHeader {
  at::ScalarType dtype = at::kFloat;
  bool fortran_order = false;  ///< the first dimension is the contiguous one
  std::vector<std::int64_t> shape;
  std::uint64_t data_start = 0;  ///< offset of the elements
  std::uint64_t data_size = 0;   ///< their bytes
};

/// Bytes from the beginning of a file that hold every header that is accepted.
inline constexpr std::size_t max_npy_header = 12 + 10'000;

/// Parses and checks the header that opens `bytes`, of which more than max_npy_header are not
/// needed; `place` opens error messages. Throws FormatError for what is no .npy header, for element
/// types other than little-endian float16, float32, float64, int32 and int64, and for impossible
/// shapes.
NpyHeader parse_npy_header(std::string_view bytes, const std::string& place);

}  // namespace austeer
