#include "steering/sparse_autoencoder.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"

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

}  // namespace austeer
