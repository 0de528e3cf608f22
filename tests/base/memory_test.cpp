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

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

/// A made-up root with a process's control groups.
struct MadeUpRoot {
  testing::TemporaryFolder folder;

  void write(const std::string& file, const std::string& text) const {
    make_folder((folder / file).parent_path());
    write_file(folder / file, text + "\n");
  }
  void group(const std::string& text) const { write("proc/self/cgroup", text); }
  void mount(const std::string& at, const std::string& root, const std::string& type,
             const std::string& options) const {
    write("proc/self/mountinfo", "31 23 0:28 / /sys rw,relatime - sysfs sysfs rw\n32 31 0:29 " +
                                     root + " " + at + " rw,nosuid shared:4 - " + type + " none " +
                                     options);
  }
  /// A group of version 2 with `limit` bytes, of which 100 are used.
  void limit(const std::string& at, const std::string& limit) const {
    write(at + "/memory.max", limit);
    write(at + "/memory.current", "100");
  }
  void limit_v1(const std::string& at, const std::string& limit) const {
    write(at + "/memory.limit_in_bytes", limit);
    write(at + "/memory.usage_in_bytes", "100");
    write(at + "/memory.stat", "inactive_file 7\ntotal_inactive_file 20\ntotal_active_file 3");
  }
  std::int64_t left() const { return memory_left_in_groups(folder.path()); }
};

TEST(Memory, TheSmallestLimitOnTheWayUpCounts) {
  const MadeUpRoot root;
  EXPECT_EQ(root.left(), no_limit);
  root.group("0::/slurm.scope/job_7/step_0");
  EXPECT_EQ(root.left(), no_limit);
  root.limit("sys/fs/cgroup/slurm.scope/job_7/step_0", "max");
  root.limit("sys/fs/cgroup/slurm.scope/job_7", "5000");
  root.limit("sys/fs/cgroup/slurm.scope", "9000");
  root.limit("sys/fs/cgroup/slurm.scope/job_8", "200");
  EXPECT_EQ(root.left(), 4900);
  root.limit("sys/fs/cgroup", "1000");
  EXPECT_EQ(root.left(), 900);
  root.limit("sys/fs/cgroup/slurm.scope/job_7/step_0", "400");
  EXPECT_EQ(root.left(), 300);
}

TEST(Memory, TheMemoryControllerOfVersionOne) {
  const MadeUpRoot root;
  root.group("5:cpu,cpuacct:/other\n4:memory:/slurm/uid_1/job_7\n1:name=systemd:/\n0::/");
  root.limit_v1("sys/fs/cgroup/memory/slurm/uid_1/job_7", "5000");
  EXPECT_EQ(root.left(), 4923);
  root.limit_v1("sys/fs/cgroup/memory/slurm/uid_1", "9223372036854771712");
  root.limit_v1("sys/fs/cgroup/memory/other", "200");
  EXPECT_EQ(root.left(), 4923);
  root.limit_v1("sys/fs/cgroup/memory", "4000");
  EXPECT_EQ(root.left(), 3923);
}

TEST(Memory, HierarchiesThatAreMountedElsewhere) {
  const MadeUpRoot hybrid;
  hybrid.group("4:freezer:/\n0::/user.slice/job");
  hybrid.mount("/sys/fs/cgroup/unified", "/", "cgroup2", "rw");
  hybrid.limit("sys/fs/cgroup/unified/user.slice/job", "700");
  EXPECT_EQ(hybrid.left(), 600);
  const MadeUpRoot joined;
  joined.group("3:cpu,memory:/a:b/job");
  joined.mount("/c\\040groups", "/", "cgroup", "rw,cpu,memory");
  joined.limit_v1("c groups/a:b/job", "800");
  EXPECT_EQ(joined.left(), 723);
}

TEST(Memory, AContainerSeesItsOwnGroupAsTheRoot) {
  const MadeUpRoot outer;  // the path is the host's, of which only the container's part is mounted
  outer.group("0::/docker/a1/sub");
  outer.mount("/sys/fs/cgroup", "/docker/a1", "cgroup2", "rw");
  outer.limit("sys/fs/cgroup/sub", "600");
  EXPECT_EQ(outer.left(), 500);
  const MadeUpRoot foreign;
  foreign.group("0::/../../other");
  foreign.limit("sys/fs/cgroup", "500");
  foreign.limit("sys/other", "200");
  EXPECT_EQ(foreign.left(), 400);
}

TEST(Memory, GroupFilesThatAreNoSuch) {
  const MadeUpRoot root;
  for (const std::string text : {"", "\n\n", "memory", "4:memory", "::", "0::", "0::relative"}) {
    root.group(text);
    EXPECT_EQ(root.left(), no_limit) << text;
  }
  root.group("0::/a");
  for (const std::string text : {"-", "a b c - cgroup2", "1 2 3 / /x rw - cgroup2"}) {
    root.write("proc/self/mountinfo", text);
    EXPECT_EQ(root.left(), no_limit) << text;
  }
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
