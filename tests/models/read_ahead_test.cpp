// Reading ahead brings mapped weights into memory without anybody touching them.
#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <thread>

#include "models/placement.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

constexpr std::int64_t count = 8 << 20;  // floats: 32 MiB, two pieces

/// KiB of the mapping that holds `address` which are in this process's memory, as the kernel says.
std::int64_t resident_kib(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream range(line);
    if (range >> std::hex >> begin >> dash >> end && dash == '-') {
      inside = begin <= wanted && wanted < end;
    } else if (inside && line.starts_with("Rss:")) {
      return std::stoll(line.substr(4));
    }
  }
  return -1;
}

TEST(ReadAhead, BringsMappedWeightsIntoMemory) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder / "model.safetensors";
  write_safetensors(path, {{"weight", at::arange(count, at::kFloat)}}, {});
  const SafetensorsFile file(path);
  const at::Tensor weight = file.tensor("weight");
  ASSERT_LT(resident_kib(weight.const_data_ptr()), count * 4 / 1024 / 2);

  { const ReadAhead stopped({weight}); }  // ends early without harm
  const ReadAhead running({weight});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (resident_kib(weight.const_data_ptr()) < count * 4 / 1024 &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_GE(resident_kib(weight.const_data_ptr()), count * 4 / 1024);
  EXPECT_EQ(weight[count - 1].item<float>(), static_cast<float>(count - 1));
}

}  // namespace
}  // namespace austeer
