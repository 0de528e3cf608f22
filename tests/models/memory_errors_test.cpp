// Memory that runs out, as a typed error.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <new>
#include <stdexcept>

#include "base/error.hpp"
#include "models/placement.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

constexpr const char* needs_less = ". A smaller --batch-tokens, another --dtype or --offload";

TEST(MemoryErrors, AreTheLibrarysOwn) {
  const auto refused = [](const auto& action, const std::string& message) {
    expect_refusal<OutOfMemoryError>([&] { with_memory_errors(action); }, message);
  };
  refused([] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried\nbelow"); },
          std::string("CUDA out of memory. Tried") + needs_less);
  refused([] { TORCH_CHECK(false, "DefaultCPUAllocator: can't allocate memory: 8 bytes"); },
          std::string("can't allocate memory: 8 bytes") + needs_less);
  refused([] { throw std::bad_alloc(); }, std::string("std::bad_alloc") + needs_less);
}

TEST(MemoryErrors, LeaveOtherErrorsAndAnswersAlone) {
  EXPECT_THROW(with_memory_errors([] { at::ones({2}).view({3}); }), c10::Error);
  expect_refusal<UsageError>([] { with_memory_errors([] { throw UsageError("a", "b"); }); }, "b");
  EXPECT_THROW(with_memory_errors([] { throw std::logic_error("c"); }), std::logic_error);
  EXPECT_EQ(with_memory_errors([] { return 3; }), 3);
}

}  // namespace
}  // namespace austeer
