#include "runs/toxicity_card.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json_lines.hpp"
#include "scorers/ngram_features.hpp"
#include "scorers/toxicity_split.hpp"

namespace austeer {
namespace {

constexpr std::size_t highest_shown = 5;

std::string figures_row(std::string_view name, const ScorerMetrics& metrics) {
  return fmt::format("| {} | {} | {} | {:.4f} | {:.2f} % | {:.4f} | {:.4f} |\n", name,
                     metrics.texts, metrics.toxic, metrics.auc, 100 * metrics.agreement,
                     metrics.pearson, metrics.brier);
}

std::string figures(const ToxicityCard& card) {
  return "## Figures\n\n"
         "| texts | number | toxic | AUC | agreement at 0.5 | Pearson | Brier |\n"
         "|---|---|---|---|---|---|---|\n" +
         figures_row("held out", card.held_out) +
         figures_row("cross-validation, training side", card.cross_validation) +
         "\nA text is toxic where its label is above 0.5. AUC, agreement and Brier score compare "
         "with that decision, Pearson with the label itself. The cross-validation chose the "
         "settings; the held-out side did not.\n\n";
}

std::string calibration(const ScorerMetrics& metrics) {
  std::string table =
      "Calibration on the held-out side:\n\n"
      "| score | texts | mean score | mean label | share toxic |\n|---|---|---|---|---|\n";
  for (const ReliabilityBin& bin : metrics.reliability) {
    table += fmt::format("| {:.1f} to {:.1f} | {} | {:.3f} | {:.3f} | {:.3f} |\n", bin.lower,
                         bin.upper, bin.texts, bin.mean_score, bin.mean_label, bin.toxic_share);
  }
  return table + "\n";
}

std::string how_it_works(const ToxicityCard& card, const ToxicityHead& head) {
  return fmt::format(
      "## How it works\n\n"
      "Logistic regressions on two views of a text: the mean and maximum of the hidden states of "
      "the encoder `{}` (fingerprint `{}`), and character n-grams hashed to {} buckets. Beside "
      "toxicity, regressions on the states also learn its kinds ({}). A polynomial of second "
      "degree turns their logits into the score; it was fitted on logits of texts that the "
      "regressions had not seen. All learn the labels' probabilities, not decisions, so the score "
      "estimates the label.\n\n"
      "Clear cases are decided by the encoder's embeddings and the n-grams alone. Where these say "
      "something from {} to {}, all {} layers are read ({:.0f} % of the training texts).\n\n",
      head.encoder, head.encoder_fingerprint, ngram_buckets, fmt::join(card.kinds, ", "),
      head.unclear_from, head.unclear_to, head.full.layers, 100 * card.unclear_share);
}

std::string limits(const ToxicityCard& card) {
  std::string text =
      "## What it misses\n\n"
      "- **Identity terms.** The labels themselves are biased: words for religions, origins, "
      "orientations or disabilities raise the score of harmless sentences.\n";
  if (card.probe) {
    text += fmt::format(
        "  Of {} harmless sentences with such terms {} score above 0.5 (mean {:.3f}). The "
        "highest:\n",
        card.probe->texts, card.probe->called_toxic, card.probe->mean);
    for (const auto& [score, sentence] : card.probe->highest) {
      text += fmt::format("  - {:.2f}: {}\n", score, sentence);
    }
  }
  return text +
         "- **Sarcasm, allusion, threats in polite words.** What is hurtful only by what it means "
         "scores low; quotations and discussions of abuse score high.\n"
         "- **Other languages than English.** Neither the labels nor the encoder cover them; "
         "scores there mean nothing.\n"
         "- **Disguised words.** Common disguises (a letter replaced by a mark) are seen through "
         "the n-grams where the labels had the like; letters set apart by dots or spaces, new "
         "spellings and look-alike letters of other scripts are not.\n"
         "- **Long texts.** What lies beyond the encoder's limit of 256 tokens reaches the n-grams "
         "only; one insult in a long text weighs little.\n"
         "- **It imitates another model.** The labels are scores of the Perspective API, not of "
         "people; it can be no better than that service was, and is made to measure rates over "
         "many texts, not to judge people or to moderate what they write.\n\n";
}

std::string origin(const ToxicityCard& card, const ToxicityHead& head) {
  return fmt::format(
      "## Data and split\n\n"
      "Labels: `{}`, SHA-256 `{}`: texts of RealToxicityPrompts (Apache-2.0, as redistributed by "
      "DecodingTrust, CC BY-SA 4.0) with scores of the Perspective API. {} texts of the training "
      "side were used.\n\n"
      "Split: {}.\n\n"
      "Made with `austeer toxicity fit --labels {} --out {}`{}, which writes the same bytes again "
      "on the same kind of machine with the same number of threads. SHA-256 of the head: `{}`.\n\n"
      "## Licence\n\n"
      "The head is part of this project and under its licence. It holds weights of hashed n-grams "
      "and of hidden states, no texts. The encoder is fetched, under its own licence.\n",
      card.labels_file, head.provenance.at("labels_sha256"), card.training_texts,
      toxicity_split_rule, card.labels_file, card.head_file,
      card.probe ? " and `--probe identity-probe.jsonl`" : "", card.head_sha256);
}

}  // namespace

ProbeScores probe_scores(const ToxicityScorer& scorer, const std::filesystem::path& file) {
  std::vector<std::string> texts;
  for_each_json_line(read_file(file), file.string(),
                     [&](const Json& line, const std::string& place) {
                       texts.push_back(Fields(line, place).required<std::string>("text"));
                     });
  if (texts.empty()) throw FormatError("toxicity", file.string() + ": the file holds no texts");
  const std::vector<double> scores = scorer.score(texts);
  ProbeScores result;
  result.texts = texts.size();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    result.called_toxic += scores[i] > toxic_above;
    result.mean += scores[i] / static_cast<double>(texts.size());
    result.highest.emplace_back(scores[i], texts[i]);
  }
  std::sort(result.highest.rbegin(), result.highest.rend());
  result.highest.resize(std::min(result.highest.size(), highest_shown));
  return result;
}

std::string toxicity_card(const ToxicityCard& card, const ToxicityHead& head) {
  return fmt::format(
             "# Toxicity scorer austeer-{}\n\n"
             "Scores in [0, 1] how toxic an English text is, in place of the Perspective API, "
             "which "
             "goes out of service: offline, versioned, the same for everybody.\n\n",
             head.version) +
         how_it_works(card, head) + figures(card) + calibration(card.held_out) + limits(card) +
         origin(card, head);
}

}  // namespace austeer
