#include "runs/options.hpp"

#include <ATen/Parallel.h>
#include <set>
#include <spdlog/spdlog.h>

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

}  // namespace austeer
