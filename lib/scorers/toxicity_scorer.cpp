#include "scorers/toxicity_scorer.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/names.hpp"
#include "base/utf8.hpp"
#include "models/locate.hpp"
#include "scorers/toxicity_model.hpp"

namespace austeer {

std::size_t toxic_label(const std::vector<std::string>& labels, const std::string& label) {
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string name = lower_ascii(labels[i]);
    if (label.empty() ? name == "toxic" || name == "toxicity" : labels[i] == label) {
      fitting.push_back(i);
    }
  }
  if (fitting.size() == 1) return fitting.front();
  if (label.empty() && labels == std::vector<std::string>{"LABEL_0", "LABEL_1"}) return 1;
  throw UsageError({"[scorer] which of the classifier's labels means toxic is not clear",
                    label.empty() ? "one label 'toxic' or 'toxicity'" : "'" + label + "'",
                    fmt::format("{}", fmt::join(labels, ", ")), "Name the label: FOLDER#LABEL"});
}

ClassifierScorer::ClassifierScorer(const std::filesystem::path& folder, const std::string& label)
    : name_(folder.filename().string()),
      classifier_(folder),
      label_(toxic_label(classifier_.labels(), label)) {
  if (classifier_.problem() == ClassifierProblem::regression) {
    throw FormatError({"[scorer] " + folder.string() + ": cannot score toxicity",
                       "a single-label or multi-label classifier", "a regression model", ""});
  }
}

std::vector<double> ClassifierScorer::score(std::span<const std::string> texts) const {
  const at::Tensor logits = classifier_.logits(texts).to(at::kDouble);
  const at::Tensor probabilities = classifier_.problem() == ClassifierProblem::multi_label
                                       ? at::sigmoid(logits)
                                       : at::softmax(logits, 1);
  const at::Tensor scores = probabilities.select(1, static_cast<std::int64_t>(label_)).contiguous();
  if (!at::isfinite(scores).all().item<bool>()) {
    throw ComputeError("scorer", name_ + " gives scores that are no numbers",
                       "Are its weights whole, and its dtype wide enough?");
  }
  return {scores.const_data_ptr<double>(), scores.const_data_ptr<double>() + scores.numel()};
}

Json ClassifierScorer::description() const {
  return {{"kind", "sequence classifier"},
          {"name", name_},
          {"label", classifier_.labels()[label_]},
          {"fingerprint", classifier_.fingerprint()}};
}

namespace {

/// The text's hash and its score.
std::pair<std::string, double> read_line(const Json& line, const std::string& place) {
  Fields fields(line, place);
  const bool has_text = fields.has("text");
  std::string hash = has_text ? sha256(fields.required<std::string>("text"))
                              : fields.required<std::string>("text_sha256");
  if (!is_sha256(hash)) {
    throw FormatError({place + ": text_sha256 is no hash", "64 lower-case hex digits", hash, ""});
  }
  const double score = fields.required<double>("toxicity");
  if (!(score >= 0 && score <= 1)) {
    throw FormatError(
        {place + ": toxicity is no score", "a number from 0 to 1", fmt::format("{}", score), ""});
  }
  return {std::move(hash), score};
}

}  // namespace

JoinedScores::JoinedScores(const std::filesystem::path& file) : file_(file) {
  const std::string bytes = read_file(file);
  fingerprint_ = sha256(bytes);
  for_each_json_line(bytes, file.string(), [&](const Json& line, const std::string& place) {
    const auto [hash, score] = read_line(line, place);
    const auto [known, is_new] = scores_.emplace(hash, score);
    if (!is_new && known->second != score) {
      throw FormatError({place + ": the text has another score above",
                         fmt::format("{}", known->second), fmt::format("{}", score), ""});
    }
  });
  if (scores_.empty()) {
    throw FormatError("scores", file.string() + ": the file holds no scores");
  }
}

std::vector<double> JoinedScores::score(std::span<const std::string> texts) const {
  std::vector<double> result;
  for (const std::string& text : texts) {
    const std::string hash = sha256(text);
    const auto found = scores_.find(hash);
    if (found == scores_.end()) {
      throw FormatError("scores",
                        fmt::format("{} has no score for the text with the hash {}: '{}'",
                                    file_.string(), hash, text.substr(0, 60)),
                        "Score the texts of the result's .jsonl, field 'scored', and join again");
    }
    result.push_back(found->second);
  }
  return result;
}

Json JoinedScores::description() const {
  return {{"kind", "joined scores"},
          {"name", file_.filename().string()},
          {"fingerprint", fingerprint_},
          {"texts", scores_.size()}};
}

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
