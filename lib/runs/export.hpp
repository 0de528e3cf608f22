#pragma once
// export: a plan in a form that other programs run.

#include <filesystem>
#include <optional>

#include "runs/verify_export.hpp"

namespace austeer {

struct ExportOptions {
  RunOptions run;
  PlanChoice plan;
  PromptChoice prompts;  ///< of the verification; none: texts of the program's own
  ExportFormat to = ExportFormat::ia3;
  std::filesystem::path out;  ///< a folder, of a control vector the file NAME.gguf
  bool verify = true;         ///< run what was written, and say how far it is from the plan
};

/// Writes the export and, if asked, verifies it. Throws UsageError without a plan, for --to hf of a
/// model that is one GGUF file, and for a directed plan, where it is made of a ranking with how far
/// its oriented twin, which can be exported, is from it; what load_plan_choice(), check_made_for(),
/// the writers of exports/ and verify_export() throw.
std::optional<Verification> export_plan(const ExportOptions& options);

}  // namespace austeer
