#pragma once
// From what a user writes after --scorer to a scorer.

#include <filesystem>
#include <memory>
#include <string>

#include "scorers/toxicity_scorer.hpp"

namespace austeer {

/// "" or "austeer": the project's own head and its encoder. NAME.jsonl: scores made elsewhere. A
/// .safetensors file: a head that austeer toxicity fit wrote. Otherwise a sequence classifier: a
/// folder or org/name in the local Hugging Face cache, with #LABEL behind it where the label that
/// means toxic is not called that. Throws UsageError, FileError, FormatError with what to try.
std::unique_ptr<ToxicityScorer> open_scorer(const std::string& spec,
                                            const std::filesystem::path& configs_folder,
                                            const std::filesystem::path& home);

}  // namespace austeer
