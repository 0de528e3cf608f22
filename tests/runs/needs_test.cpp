// What a run says it needs, and the disk that is too small for it.
#include "runs/needs.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "base/memory.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

TEST(Needs, TheDiskMustHoldTheCache) {
  const testing::TemporaryFolder folder;
  check_free_disk(folder / "not/yet/there", 1);
  testing::expect_refusal<FileError>(
      [&] { check_free_disk(folder / "cache", std::int64_t{1} << 60); },
      "the disk is too small; expected 1048576.0 TiB free");
}

TEST(Needs, SizesAsPeopleReadThem) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(std::int64_t{13} << 30), "13.0 GiB");
  EXPECT_GT(available_memory(), std::int64_t{64} << 20);
  EXPECT_LT(available_memory(), std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace austeer
