#pragma once
// Plans that other programs' files hold: control vectors of llama.cpp and repeng, IA³ adapters of
// PEFT. What is read here is one vector a layer, whose common strength is still to be chosen.

#include <filesystem>
#include <optional>

#include "plans/plan.hpp"

namespace austeer {

/// The plan in `path`: a GGUF file is read by read_control_vector(), a folder by
/// read_ia3_adapter(). Nothing for any other file. Throws what those throw, and UsageError for a
/// folder that is something else, with what it is and what to do with it.
std::optional<Plan> read_foreign_plan(const std::filesystem::path& path);

/// `plan` with every value `strength` times as large, which its provenance records as `alpha`.
/// Throws UsageError for a strength that is not finite or makes values beyond float32.
Plan strengthened(Plan plan, double strength);

}  // namespace austeer
