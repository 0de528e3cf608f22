#pragma once
// What every run that needs a model has in common: which model, where it computes, which data.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/settings.hpp"
#include "engine/engine.hpp"
#include "models/config.hpp"
#include "models/load.hpp"

namespace austeer {

/// The dataset that was written for this project: its sample is all there is of it.
inline constexpr const char* own_dataset = "Provocations";

struct RunOptions {
  std::string model = "smollm2-135m-instruct";
  std::string device = "cpu";  ///< one, or several that share the layers: "cuda:0,cuda:1"
  bool offload = false;        ///< layers that do not fit on the device stay on the CPU
  std::string dtype = "auto";
  int threads = 0;  ///< 0: as many as libtorch finds
  EngineOptions engine = {};
  std::string datasets;  ///< folder; "": see datasets_folder()
};

/// What opens a model.
void describe_model(auto& visit, SettingsOf<RunOptions> auto& run) {
  visit(run.model,
        {.key = "model",
         .help = "folder, GGUF file (any part of a split one), name in configs/models/, or "
                 "org/name[@REVISION][:FILE.gguf] in the local Hugging Face cache"});
  visit(run.device, {.key = "device",
                     .help = "cpu, cuda, cuda:N, or several that share the layers: cuda:0,cuda:1"});
  visit(run.offload,
        {.key = "offload",
         .help = "keep layers that do not fit on the device on the CPU and stream them",
         .written = Written::unless_default});
  visit(run.dtype,
        {.key = "dtype",
         .help = "auto, float32, bfloat16 or float16; auto is bfloat16 where the processor "
                 "multiplies it natively, else float32; where that does not fit, and on CUDA, the "
                 "half-precision type of the weights, or bfloat16"});
  visit(run.threads,
        {.key = "threads", .help = "threads to compute with; 0: one per core", .least = 0});
}

void describe_data(auto& visit, SettingsOf<RunOptions> auto& run) {
  visit(run.datasets,
        {.key = "datasets",
         .help = "folder with the datasets (or AUSTEER_DATASETS); without it, what `austeer fetch` "
                 "brought, else the samples that come with austeer",
         .written = Written::never});
}

void describe(auto& visit, SettingsOf<RunOptions> auto& run) {
  describe_model(visit, run);
  describe(visit, run.engine);
  describe_data(visit, run);
}

/// Sets the number of threads and loads the model. Throws what locate_model and load_model throw.
Model open_model(const RunOptions& options);

/// The folder below which the dataset called `folder` ("COPA") lies: --datasets, else
/// $AUSTEER_DATASETS, else what was fetched into the user's cache, else the samples that come with
/// the project (with a warning in the log: they are too small to measure a model). The project's
/// own Provocations come from the samples wherever the chosen folder lacks them.
std::filesystem::path datasets_folder(const RunOptions& options, const std::string& folder);

/// The options as resolved, for a result's record.
Json run_record(const RunOptions& options, const Model& model);

// What a run will take in memory and on disk beside the model's weights, said (and refused, where
// it cannot be had) before it starts.

/// Bytes that one pass of `tokens` rows takes: twice the largest intermediate results of a layer,
/// and keys and values of `held` tokens where texts go on. An estimate.
std::int64_t pass_bytes(const DecoderConfig& config, at::ScalarType dtype, std::int64_t tokens,
                        std::int64_t held);

/// Throws FileError when the disk that holds `folder` (which need not exist) has less than `bytes`
/// free.
void check_free_disk(const std::filesystem::path& folder, std::int64_t bytes);

}  // namespace austeer
