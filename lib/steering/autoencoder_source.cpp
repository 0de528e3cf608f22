#include "steering/autoencoder_source.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "tensors/npz.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

/// N of `before`N`after`.
std::optional<std::int64_t> number_between(std::string_view text, std::string_view before,
                                           std::string_view after) {
  if (!text.starts_with(before)) return std::nullopt;
  std::int64_t number = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + before.size(), end, number);
  const bool found = error == std::errc() && number >= 0 && std::string_view(stop, end) == after;
  return found ? std::optional(number) : std::nullopt;
}

}  // namespace

bool AutoencoderSource::has(std::string_view name) const {
  return std::ranges::find(names, name) != names.end();
}

void AutoencoderSource::refuse(std::string_view what, std::string expected,
                               std::string found) const {
  throw FormatError({fmt::format("[sparse autoencoder] {}: {}", place, what), std::move(expected),
                     std::move(found), ""});
}

at::Tensor AutoencoderSource::load_float(const std::string& name) const {
  const at::Tensor tensor = load(name);
  if (!tensor.is_floating_point()) {
    refuse(fmt::format("the tensor '{}'", name), "floating-point numbers",
           c10::toString(tensor.scalar_type()));
  }
  return tensor.to(at::kFloat);
}

void AutoencoderSource::check_shape(const std::string& name, const Shape& expected) const {
  if (!has(name)) refuse("a tensor is missing", name, "none of that name");
  const Shape found = shape(name);
  if (found == expected) return;
  refuse(fmt::format("the tensor '{}'", name), fmt::format("[{}]", fmt::join(expected, ", ")),
         fmt::format("[{}]", fmt::join(found, ", ")));
}

std::pair<std::int64_t, std::int64_t> AutoencoderSource::matrix_sizes(
    const std::string& name) const {
  if (!has(name)) refuse("a tensor is missing", name, "none of that name");
  const Shape found = shape(name);
  if (found.size() != 2 || found[0] < 1 || found[1] < 1) {
    refuse(fmt::format("the tensor '{}'", name), "a matrix",
           fmt::format("[{}]", fmt::join(found, ", ")));
  }
  return {found[0], found[1]};
}

bool holds_autoencoder_weights(const std::filesystem::path& file) {
  return file.extension() == ".npz" || file.extension() == ".safetensors";
}

AutoencoderSource open_autoencoder_source(const std::filesystem::path& path) {
  if (path.extension() == ".npz") {
    const auto file = std::make_shared<const NpzFile>(path);
    return {path.string(),
            file->names(),
            {},
            [file](const std::string& name) { return file->header(name).shape; },
            [file](const std::string& name) { return file->tensor(name); }};
  }
  const auto file = std::make_shared<const SafetensorsFile>(path);
  std::vector<std::string> names;
  for (const auto& [name, entry] : file->header().tensors) names.push_back(name);
  return {path.string(), std::move(names), file->header().metadata,
          [file](const std::string& name) { return file->header().tensors.at(name).shape; },
          [file](const std::string& name) { return file->tensor(name); }};
}

std::int64_t residual_layer(const Fields& fields, const std::string& key, const std::string& hook) {
  for (const auto& [before, after] :
       {std::pair{"blocks.", ".hook_resid_post"}, std::pair{"model.layers.", ""}}) {
    if (const auto layer = number_between(hook, before, after)) return *layer;
  }
  // What enters a layer is what the one before it put out.
  const auto next = number_between(hook, "blocks.", ".hook_resid_pre");
  if (next && *next > 0) return *next - 1;
  fields.refuse(key,
                "blocks.N.hook_resid_post or model.layers.N (an autoencoder of layer outputs), or "
                "blocks.N.hook_resid_pre with N above 0",
                hook);
}

}  // namespace austeer
