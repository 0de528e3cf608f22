#pragma once
// verify: whether an export does what the plan does, by running both.

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "plans/plan.hpp"
#include "runs/agreement.hpp"
#include "runs/options.hpp"
#include "runs/plan_choice.hpp"
#include "runs/prompt_choice.hpp"

namespace austeer {

/// What an exported plan lies in.
enum class ExportFormat {
  ia3,             ///< a folder with adapter_config.json
  hf,              ///< a folder with config.json
  control_vector,  ///< a GGUF file
};

constexpr auto enum_table(ExportFormat) {
  return EnumTable{
      "export", "format",
      std::array{std::pair{"ia3", ExportFormat::ia3}, std::pair{"hf", ExportFormat::hf},
                 std::pair{"control-vector", ExportFormat::control_vector}}};
}

/// The format of what lies at `path`. Throws FileError where it is none of them.
ExportFormat format_of_export(const std::filesystem::path& path);

/// What export and verify report.
struct Verification {
  Agreement difference;  ///< between the plan, carried out by austeer, and the export
  Agreement steering;    ///< between the model with the plan and without it, to compare with
};

/// Runs `plan` on `model`, and the export at `path`, on the prompts that `choice` names, else on
/// texts of the program's own. An adapter and a control vector are read back and carried out on the
/// same model; a folded checkpoint is opened as a model by itself, after `model` was closed, in the
/// same dtype. Throws what reading the export throws, and what the engine refuses.
Verification verify_export(const std::filesystem::path& path, const Plan& plan, Model model,
                           const PromptChoice& choice, const RunOptions& run);

struct VerifyOptions {
  RunOptions run;
  PlanChoice plan;
  PromptChoice prompts;  ///< none: texts of the program's own
  std::filesystem::path path;
};

/// The same from files. Throws UsageError without a plan, and what load_plan_choice(),
/// check_made_for() and verify_export() throw.
Verification verify(const VerifyOptions& options);

/// How far `first` and `second` are apart on `model`.
Agreement agreement_of_plans(const Plan& first, const Plan& second, const Model& model,
                             const PromptChoice& choice, const RunOptions& run);

/// {"difference": ..., "steering": ...}
Json to_json(const Verification& verification);

}  // namespace austeer
