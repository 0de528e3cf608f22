#include "models/memory_errors.hpp"

#include <c10/util/Exception.h>
#include <new>
#include <string>

#include "base/error.hpp"

namespace austeer {
namespace {

constexpr const char* hint =
    "A smaller --batch-tokens, another --dtype or --offload needs less memory";

/// The CPU's allocator has no type of its own for it.
bool is_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string(error.what_without_backtrace()).find("allocate memory") != std::string::npos;
}

}  // namespace

void rethrow_memory_error() {
  try {
    throw;
  } catch (const c10::Error& error) {
    if (!is_of_memory(error)) throw;
    const std::string what = error.what_without_backtrace();
    throw OutOfMemoryError({what.substr(0, what.find('\n')), "", "", hint});
  } catch (const std::bad_alloc& error) {
    throw OutOfMemoryError({error.what(), "", "", hint});
  }
}

}  // namespace austeer
