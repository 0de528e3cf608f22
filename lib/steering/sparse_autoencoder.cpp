#include "steering/sparse_autoencoder.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "base/scan.hpp"
#include "tensors/npz.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {

namespace {

// Rows that are multiplied at a time: enough for a full matrix product, few enough for what lies
// between its steps to stay small (16k atoms: 64 MiB).
constexpr std::int64_t block_rows = 1024;

/// `tensor` in float32, its bytes in order. Throws unless it has this shape and finite numbers.
at::Tensor checked(const at::Tensor& tensor, at::IntArrayRef shape, const char* name,
                   const std::string& place) {
  const std::string what = fmt::format("[sparse autoencoder] {}: {}", place, name);
  if (!at::isFloatingType(tensor.scalar_type())) {
    throw FormatError({what, "floating-point numbers", c10::toString(tensor.scalar_type()), ""});
  }
  if (tensor.sizes() != shape) {
    throw FormatError({what, fmt::format("the shape [{}]", fmt::join(shape, ", ")),
                       fmt::format("[{}]", fmt::join(tensor.sizes(), ", ")), ""});
  }
  at::Tensor values = tensor.to(at::kFloat).contiguous();
  // A sum of float32 numbers in double can only be infinite or NaN when one of them is.
  if (!values.sum(at::kDouble).isfinite().item<bool>()) {
    throw FormatError({what, "finite numbers", "NaN or infinity", "The file is damaged"});
  }
  return values;
}

/// `x` [rows, D], float32, normalised row by row.
at::Tensor normalised(const at::Tensor& x, InputNorm norm) {
  switch (norm) {
    case InputNorm::none:
      break;
    case InputNorm::constant_norm: {
      constexpr double least = 1e-30;  // so that an input of zeros stays one
      return x * (std::sqrt(static_cast<double>(x.size(1))) / x.norm(2, 1, true).clamp_min(least));
    }
    case InputNorm::layer_norm: {
      const at::Tensor centred = x - x.mean(1, true);
      return centred / (centred.std(1, true, true) + 1e-5);
    }
  }
  return x;
}

/// Sets all but the `count` largest of each row to 0.
void keep_largest(at::Tensor& rows, std::int64_t count) {
  const auto [values, atoms] = rows.topk(count, 1, true, false);
  rows.zero_().scatter_(1, atoms, values);
}

}  // namespace

SparseAutoencoder::SparseAutoencoder(SparseAutoencoderParts parts, std::string place)
    : place_(std::move(place)) {
  if (parts.encoder.dim() != 2 || parts.encoder.numel() == 0) {
    throw FormatError({fmt::format("[sparse autoencoder] {}: the encoder", place_),
                       "a matrix [width, atoms]",
                       fmt::format("[{}]", fmt::join(parts.encoder.sizes(), ", ")), ""});
  }
  const std::int64_t width = parts.encoder.size(0);
  const std::int64_t atoms = parts.encoder.size(1);
  parts_.encoder = checked(parts.encoder, {width, atoms}, "the encoder", place_);
  parts_.encoder_bias = checked(parts.encoder_bias, {atoms}, "the encoder's bias", place_);
  parts_.threshold = checked(parts.threshold, {atoms}, "the thresholds", place_);
  parts_.decoder = checked(parts.decoder, {atoms, width}, "the decoder", place_);
  if (parts.input_bias.defined()) {
    parts_.input_bias = checked(parts.input_bias, {width}, "the input's bias", place_);
  }
  parts_.norm = parts.norm;
  parts_.top_k = std::min(parts.top_k, atoms);
  floor_ = parts_.threshold.clamp_min(0);
}

at::Tensor SparseAutoencoder::activations(const at::Tensor& x) const {
  if (x.dim() != 2 || x.size(1) != width()) {
    throw UsageError({fmt::format("[sparse autoencoder] {}", place_),
                      fmt::format("activations of width {}", width()),
                      fmt::format("[{}]", fmt::join(x.sizes(), ", ")),
                      "It was trained on another model"});
  }
  const std::int64_t rows = x.size(0);
  at::Tensor active = at::empty({rows, atoms()}, at::kFloat);
  for (std::int64_t first = 0; first < rows; first += block_rows) {
    const std::int64_t count = std::min(block_rows, rows - first);
    at::Tensor block = active.narrow(0, first, count);
    at::Tensor input = normalised(x.narrow(0, first, count).to(at::kFloat), parts_.norm);
    if (parts_.input_bias.defined()) input = input - parts_.input_bias;
    at::addmm_out(block, parts_.encoder_bias, input, parts_.encoder);
    block.masked_fill_(block.le(floor_), 0);
    if (parts_.top_k > 0) keep_largest(block, parts_.top_k);
  }
  return active;
}

namespace {

/// N of `before`N`after`.
std::optional<std::int64_t> number_between(std::string_view text, std::string_view before,
                                           std::string_view after) {
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  const auto number = take_number<std::int64_t>(text);
  return number && *number >= 0 && text == after ? number : std::nullopt;
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
