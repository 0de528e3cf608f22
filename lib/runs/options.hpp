#pragma once
// What every run that needs a model has in common: which model, where it computes, which data.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.hpp"
#include "engine/engine.hpp"
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

/// Sets the number of threads and loads the model. Throws what locate_model and load_model throw.
Model open_model(const RunOptions& options);

/// The folder below which the dataset called `folder` ("COPA") lies: --datasets, else
/// $AUSTEER_DATASETS, else what was fetched into the user's cache, else the samples that come with
/// the project (with a warning in the log: they are too small to measure a model). The project's
/// own Provocations come from the samples wherever the chosen folder lacks them.
std::filesystem::path datasets_folder(const RunOptions& options, const std::string& folder);

/// The options as resolved, for a result's record.
Json describe(const RunOptions& options, const Model& model);

}  // namespace austeer
