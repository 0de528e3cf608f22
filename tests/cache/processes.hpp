#pragma once
// Caches in processes that die: what the tests of crashes and of full disks share.

#include <filesystem>
#include <map>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/caches.hpp"
#include "testing.hpp"

namespace austeer::testing {

/// The folder that an undisturbed run leaves.
inline std::map<std::string, std::string> undisturbed(const CacheDescription& description) {
  TemporaryFolder folder;
  make_cache(folder.path(), description);
  return contents(folder.path());
}

/// Runs `work` in a child process; its result is the exit status, 99 for an exception.
template <typename Work>
pid_t in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int status = 99;
  try {
    status = work();
  } catch (...) {
  }
  ::_exit(status);
}

inline int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace austeer::testing
