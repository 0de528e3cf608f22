#include "models/dtype.hpp"

#include <ATen/Context.h>
#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/error.hpp"
#include "base/names.hpp"
#include "tensors/dtypes.hpp"

namespace austeer {
namespace {

at::Device parse_device(const std::string& name) {
  const std::string hint = "Use cpu, cuda, cuda:N, or several as cuda:0,cuda:1";
  try {
    const at::Device device(name);
    if (device.is_cpu()) return device;
    if (device.is_cuda() && at::hasCUDA()) {
      const auto count = static_cast<int>(at::detail::getCUDAHooks().deviceCount());
      const auto index =
          device.has_index() ? device.index() : at::detail::getCUDAHooks().current_device();
      if (index < count) return {device.type(), static_cast<c10::DeviceIndex>(index)};
    }
  } catch (const c10::Error&) {
    throw UsageError("model", fmt::format("unknown device '{}'", name), hint);
  }
  throw UsageError("model", fmt::format("the device '{}' is not on this machine", name), hint);
}

}  // namespace

std::string dtype_name(at::ScalarType dtype) {
  const std::string name = name_in(float_dtypes, dtype);
  return name.empty() ? at::toString(dtype) : name;
}

std::optional<at::ScalarType> parse_dtype(const std::string& name) {
  std::vector<std::string> names = {"auto"};
  if (name == "auto") return std::nullopt;
  for (const auto& [known, dtype] : float_dtypes) {
    if (known == name) return dtype;
    names.emplace_back(known);
  }
  throw UsageError("model", fmt::format("unknown dtype '{}'", name), suggestion(name, names));
}

std::vector<at::Device> parse_devices(const std::string& names) {
  std::vector<at::Device> devices;
  std::size_t begin = 0;
  while (begin <= names.size()) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    devices.push_back(parse_device(names.substr(begin, end - begin)));
    begin = end + 1;
  }
  const bool can_share = std::ranges::all_of(devices, [&](const at::Device& device) {
    return !device.is_cpu() && device.has_index() && std::ranges::count(devices, device) == 1;
  });
  if (devices.size() > 1 && !can_share) {
    throw UsageError("model", fmt::format("the devices '{}' cannot share a model", names),
                     "Name each accelerator once, with its number: cuda:0,cuda:1");
  }
  return devices;
}

}  // namespace austeer
