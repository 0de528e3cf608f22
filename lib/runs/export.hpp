#pragma once
// export: a plan in a form that other programs run.

#include <ATen/ATen.h>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "plans/plan.hpp"
#include "runs/options.hpp"
#include "runs/plan_choice.hpp"
#include "runs/prompts.hpp"

namespace austeer {

// How far two ways of running a model on the same texts agree, token by token.

/// Of the next-token logits after every token of some texts.
struct Agreement {
  std::int64_t texts = 0;
  std::int64_t tokens = 0;
  double largest_difference = 0;  ///< of two logits
  double same_next_token = 0;     ///< share of the tokens after which both expect the same most
  double mean_divergence = 0;     ///< KL from the first to the second in nats, mean over the tokens
};

/// Of the logits that two runs gave, [T, V] per text on any device. Throws UsageError where their
/// shapes differ or there is no text, ComputeError for logits that are not finite.
Agreement agreement(std::span<const at::Tensor> first, std::span<const at::Tensor> second);

/// {"texts", "tokens", "largest_difference", "same_next_token", "mean_divergence"}
Json to_json(const Agreement& agreement);

// verify: whether an export does what the plan does, by running both.

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

/// {"out", "format"}, with what to_json() says of the verification where there was one.
Json answer_json(const ExportOptions& options, const std::optional<Verification>& verification);

}  // namespace austeer
