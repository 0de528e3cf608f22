#pragma once
// NumPy's .npz: a ZIP file of .npy arrays, stored or deflated. The file is mapped; directory and
// array headers are checked when it is opened, the arrays' bytes (size and CRC-32) when they are
// read.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"

struct zip;

namespace austeer {

// The header of a .npy array (NumPy's format, versions 1 to 3): a magic number, a length, and a
// Python dictionary with the element type, the order and the shape.

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

class NpzFile {
 public:
  /// The largest array that is read unless something else is asked for.
  static constexpr std::uint64_t default_max_array = std::uint64_t{16} << 30;

  /// Maps and checks `file`. Throws FileError, and FormatError for a damaged or lying archive:
  /// members that are not NAME.npy, are encrypted or otherwise compressed, stand twice, claim more
  /// than `max_array` bytes, more than their compressed bytes can hold or other than their array
  /// header says.
  explicit NpzFile(const std::filesystem::path& file, std::uint64_t max_array = default_max_array);

  /// The same for `bytes`, which must outlive this; `place` opens error messages.
  NpzFile(std::string_view bytes, std::string place, std::uint64_t max_array = default_max_array);

  /// The arrays' names, without ".npy", sorted.
  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return members_.contains(name); }

  /// Element type and shape of `name`. Throws FormatError when there is no such array.
  const NpyHeader& header(const std::string& name) const;

  /// The array `name` in memory of its own; one in Fortran order is a strided view of it. Throws
  /// FormatError when there is no such array, and when its bytes are damaged. Not for several
  /// threads at a time.
  at::Tensor tensor(const std::string& name) const;

 private:
  struct Discard {
    void operator()(zip* archive) const;
  };
  struct Member {
    std::uint64_t index;
    NpyHeader header;
  };

  void open(std::string_view bytes, std::uint64_t max_array);
  void add_member(std::uint64_t index, std::uint64_t archive_size, std::uint64_t max_array);
  const Member& member(const std::string& name) const;

  std::string place_;
  std::shared_ptr<MappedFile> mapped_;
  std::unique_ptr<zip, Discard> archive_;
  std::map<std::string, Member> members_;
};

}  // namespace austeer
