#include "runs/options.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "base/paths.hpp"

namespace austeer {

namespace {

/// Once for each dataset: a sweep asks many times.
void warn_of_sample(const std::string& folder) {
  static std::set<std::string> warned;
  if (!warned.insert(folder).second) return;
  spdlog::warn(
      "{}: using the small sample that comes with austeer; for the real data use "
      "--datasets, AUSTEER_DATASETS or `austeer fetch dataset`",
      folder);
}

}  // namespace

Model open_model(const RunOptions& options) {
  if (options.threads > 0) at::set_num_threads(options.threads);
  const ModelOptions model_options{parse_devices(options.device), options.offload,
                                   parse_dtype(options.dtype)};
  if (options.offload && (model_options.devices.size() > 1 || model_options.devices[0].is_cpu())) {
    throw UsageError("model", "--offload needs --device to name one accelerator, such as cuda");
  }
  const ModelLocation location =
      locate_model(options.model, project_folder("configs"), home_folder());
  Model model = load_model(options.model, location, model_options);
  spdlog::debug("{}: {} layers, width {}, {} on {}", options.model, model.decoder->config().layers,
                model.decoder->config().width, dtype_name(model.decoder->dtype()), options.device);
  return model;
}

std::filesystem::path datasets_folder(const RunOptions& options, const std::string& folder) {
  const std::filesystem::path samples = project_folder("datasets") / "samples";
  const std::filesystem::path chosen =
      options.datasets.empty() ? environment("AUSTEER_DATASETS") : options.datasets;
  if (folder == own_dataset) {
    return !chosen.empty() && std::filesystem::exists(chosen / folder) ? chosen : samples;
  }
  if (!chosen.empty()) return chosen;
  const std::filesystem::path fetched = home_folder() / "datasets";
  if (std::filesystem::exists(fetched / folder)) return fetched;
  if (std::filesystem::exists(samples / folder)) {
    warn_of_sample(folder);
    return samples;
  }
  return fetched;
}

Json run_record(const RunOptions& options, const Model& model) {
  RunOptions resolved = options;
  resolved.dtype = dtype_name(model.decoder->dtype());
  resolved.threads = at::get_num_threads();
  Json record = {{"model", options.model},
                 {"model_fingerprint", model.fingerprint},
                 {"tokenizer_fingerprint", model.tokenizer->fingerprint()}};
  record.update(settings_json(resolved));
  return record;
}

std::int64_t pass_bytes(const DecoderConfig& config, at::ScalarType dtype, std::int64_t tokens,
                        std::int64_t held) {
  const auto size = static_cast<std::int64_t>(at::elementSize(dtype));
  const std::int64_t ffn = std::max(
      config.ffn_width, config.experts ? config.experts->per_token * config.experts->ffn_width : 0);
  // The residual stream, its norm (in float32 first) and the widest block's input and output.
  const std::int64_t per_token =
      (4 * config.width + 2 * std::max(ffn, 2 * config.attention_width())) * size +
      2 * config.width * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t keys = 2 * config.layers * config.kv_heads * config.head_dim * size;
  return tokens * 2 * per_token + held * keys;
}

void check_free_disk(const std::filesystem::path& folder, std::int64_t bytes) {
  std::filesystem::path there = std::filesystem::absolute(folder);
  std::error_code error;
  while (!std::filesystem::exists(there, error) && there != there.parent_path()) {
    there = there.parent_path();
  }
  const std::filesystem::space_info space = std::filesystem::space(there, error);
  if (error) return;  // what cannot be measured shows when it is written
  if (bytes <= 0 || space.available >= static_cast<std::uintmax_t>(bytes)) return;
  throw FileError(ErrorParts{fmt::format("[cache] {}: the disk is too small", folder.string()),
                             fmt::format("{} free", human_bytes(bytes)),
                             human_bytes(static_cast<std::int64_t>(space.available)),
                             "Fewer --pairs or --sites, or another --out"});
}

}  // namespace austeer
