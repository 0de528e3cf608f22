#pragma once
// Memory that runs out where weights are read and passes run, as an error of this library.

namespace austeer {

/// Throws what is being handled again: as OutOfMemoryError where libtorch or the C++ library did
/// not get the memory that it asked for, else as it is. To be called in a handler.
[[noreturn]] void rethrow_memory_error();

/// Returns what `action` returns. Throws what it throws, but OutOfMemoryError where memory ran out.
template <typename Action>
auto with_memory_errors(const Action& action) {
  try {
    return action();
  } catch (...) {
    rethrow_memory_error();
  }
}

}  // namespace austeer
