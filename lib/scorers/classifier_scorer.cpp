#include "scorers/classifier_scorer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ascii.hpp"
#include "base/error.hpp"

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

}  // namespace austeer
