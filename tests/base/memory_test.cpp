// Memory as a control group leaves it, and sizes as people read them.
#include "base/memory.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

TEST(Memory, CachedFilesCountAsFree) {
  const testing::TemporaryFolder group;
  EXPECT_EQ(memory_left_in_group(group.path()), std::numeric_limits<std::int64_t>::max());
  write_file(group / "memory.max", "1000\n");
  write_file(group / "memory.current", "900\n");
  EXPECT_EQ(memory_left_in_group(group.path()), 100);
  write_file(group / "memory.stat", "anon 300\nactive_file 200\ninactive_file 350\n");
  EXPECT_EQ(memory_left_in_group(group.path()), 650);
  write_file(group / "memory.max", "max\n");
  EXPECT_EQ(memory_left_in_group(group.path()), std::numeric_limits<std::int64_t>::max());
}

TEST(Memory, ThisMachineHasSome) {
  EXPECT_GT(available_memory(), std::int64_t{64} << 20);
  EXPECT_LT(available_memory(), std::numeric_limits<std::int64_t>::max());
}

TEST(Memory, SizesAsPeopleReadThem) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(std::int64_t{13} << 30), "13.0 GiB");
}

}  // namespace
}  // namespace austeer
