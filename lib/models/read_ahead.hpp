#pragma once
// Reads mapped weights into memory in the background, in the order in which a pass will meet them,
// so that the first pass computes while the disk reads instead of waiting page by page.

#include <ATen/ATen.h>
#include <thread>
#include <vector>

namespace austeer {

class ReadAhead {
 public:
  /// Starts on the CPU's tensors among `tensors`. What is in memory already costs next to nothing;
  /// when all of them together exceed the memory that is free, nothing is read, since later pages
  /// would push out earlier ones.
  explicit ReadAhead(std::vector<at::Tensor> tensors);

 private:
  std::jthread thread_;  // ends early when this is destroyed
};

}  // namespace austeer
