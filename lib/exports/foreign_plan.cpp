#include "exports/foreign_plan.hpp"

#include <cmath>
#include <fmt/format.h>
#include <fstream>

#include "base/error.hpp"
#include "exports/control_vector.hpp"
#include "exports/ia3_adapter.hpp"

namespace austeer {
namespace {

namespace fs = std::filesystem;

bool has_file(const fs::path& folder, const char* name) {
  std::error_code error;
  return fs::exists(folder / name, error);
}

bool is_gguf(const fs::path& file) {
  char magic[4] = {};
  std::ifstream stream(file, std::ios::binary);
  return stream.read(magic, sizeof magic) && std::string_view(magic, sizeof magic) == "GGUF";
}

[[noreturn]] void refuse_folder(const fs::path& folder) {
  struct Kind {
    const char* file;
    const char* what;
    const char* hint;
  };
  constexpr Kind kinds[] = {
      {"config.json", "a model", "Name a model with --model"},
      {"manifest.json", "an activation cache", "Rank it with `austeer rank`, and pass the ranking"},
      {"cfg.json", "a sparse autoencoder",
       "Rank a cache with `austeer rank --method sta --set sae=FOLDER`, and pass the ranking"}};
  for (const Kind& kind : kinds) {
    if (!has_file(folder, kind.file)) continue;
    throw UsageError("plan", fmt::format("{} is {}, not a plan", folder.string(), kind.what),
                     kind.hint);
  }
  throw UsageError("plan", fmt::format("the folder {} is no plan", folder.string()),
                   "A plan is a ranking, a plan file, a GGUF control vector, or the folder of an "
                   "IA³ adapter, with adapter_config.json");
}

}  // namespace

std::optional<Plan> read_foreign_plan(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    if (!has_file(path, "adapter_config.json")) refuse_folder(path);
    return read_ia3_adapter(path);
  }
  if (is_gguf(path)) return read_control_vector(path);
  if (path.filename() == "adapter_model.safetensors" &&
      has_file(path.parent_path(), "adapter_config.json")) {
    throw UsageError("plan", path.string() + " is a part of an adapter", "Pass its folder");
  }
  return std::nullopt;
}

Plan strengthened(Plan plan, double strength) {
  if (!std::isfinite(strength)) {
    throw UsageError(
        {"[plan] alpha is not a number", "a finite value", fmt::format("{}", strength), ""});
  }
  for (Edit& edit : plan.edits) {
    for (float& value : edit.values) {
      value = static_cast<float>(strength * static_cast<double>(value));
      if (!std::isfinite(value)) {
        throw UsageError("plan", fmt::format("alpha = {} makes values beyond float32", strength),
                         "Use a smaller alpha");
      }
    }
  }
  plan.provenance["alpha"] = strength;
  plan.provenance["positions"] = positions_name(Positions::all);
  plan.provenance["activations_per_token"] = plan.units();
  return plan;
}

}  // namespace austeer
