#include "scorers/open_scorer.hpp"

#include "base/error.hpp"
#include "models/locate.hpp"
#include "scorers/classifier_scorer.hpp"
#include "scorers/joined_scores.hpp"
#include "scorers/toxicity_model.hpp"

namespace austeer {
namespace {

const std::filesystem::path own_head = "toxicity/austeer-1.safetensors";

std::unique_ptr<ToxicityScorer> open_head(const std::filesystem::path& file,
                                          const std::filesystem::path& configs_folder,
                                          const std::filesystem::path& home) {
  const std::string encoder = load_toxicity_head(file).encoder;
  return std::make_unique<ToxicityModel>(file, locate_encoder(encoder, configs_folder, home));
}

}  // namespace

std::unique_ptr<ToxicityScorer> open_scorer(const std::string& spec,
                                            const std::filesystem::path& configs_folder,
                                            const std::filesystem::path& home) {
  if (spec.empty() || spec == "austeer") {
    return open_head(configs_folder / own_head, configs_folder, home);
  }
  if (spec.ends_with(".safetensors")) return open_head(spec, configs_folder, home);
  if (spec.ends_with(".jsonl")) return std::make_unique<JoinedScores>(spec);
  const std::size_t hash = spec.rfind('#');
  const std::string folder = spec.substr(0, hash);
  const std::string label = hash == std::string::npos ? "" : spec.substr(hash + 1);
  return std::make_unique<ClassifierScorer>(locate_encoder(folder, configs_folder, home), label);
}

}  // namespace austeer
