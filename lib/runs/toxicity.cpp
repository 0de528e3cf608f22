#include "runs/toxicity.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <istream>
#include <limits>
#include <ostream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/paths.hpp"
#include "models/locate.hpp"
#include "scorers/toxicity_fit.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "scorers/words.hpp"

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

namespace {

constexpr std::array<const char*, 5> kinds = {"identity_attack", "insult", "profanity",
                                              "sexually_explicit", "threat"};
constexpr std::size_t lines_together = 256;
constexpr std::size_t longest_line = std::size_t{16} << 20;

double read_label(Fields& fields, const std::string& name) {
  const auto label = fields.required<double>(name);
  if (!(label >= 0 && label <= 1)) fields.refuse(name, "a number from 0 to 1", label);
  return label;
}

void read_line(const Json& line, const std::string& place, LabelSide side,
               ToxicityExamples& examples) {
  Fields fields(line, place);
  auto text = fields.required<std::string>("text");
  if (toxicity_split(text).held_out != (side == LabelSide::held_out)) return;
  examples.texts.push_back(std::move(text));
  examples.toxicity.push_back(read_label(fields, "toxicity"));
  for (const char* kind : kinds) {
    examples.kinds[kind].push_back(fields.has(kind) ? read_label(fields, kind)
                                                    : std::numeric_limits<double>::quiet_NaN());
  }
}

/// Scores the objects that wait, writes them and empties the list.
void write_scored(const ToxicityScorer& scorer, std::vector<Json>& waiting,
                  std::vector<std::string>& texts, std::ostream& out) {
  const std::vector<double> scores = scorer.score(texts);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    waiting[i]["toxicity"] = scores[i];
    out << to_text(waiting[i]) << '\n';
  }
  out.flush();
  if (!out) throw FileError("toxicity", "the scored lines cannot be written");
  waiting.clear();
  texts.clear();
}

}  // namespace

ToxicityExamples read_toxicity_labels(const std::filesystem::path& file, LabelSide side) {
  ToxicityExamples examples;
  for_each_json_line(
      read_file(file), file.string(),
      [&](const Json& line, const std::string& place) { read_line(line, place, side, examples); });
  if (examples.texts.empty()) {
    throw FormatError("toxicity",
                      fmt::format("{}: no text falls on the {} side of the split", file.string(),
                                  side == LabelSide::held_out ? "held-out" : "training"));
  }
  std::erase_if(examples.kinds, [&](const auto& kind) {
    const auto missing = std::ranges::count_if(kind.second, [](double x) { return std::isnan(x); });
    return 2 * static_cast<std::size_t>(missing) > kind.second.size();
  });
  return examples;
}

ToxicityEvaluation evaluate_toxicity(const ToxicityScorer& scorer,
                                     const std::filesystem::path& labels) {
  const ToxicityExamples held_out = read_toxicity_labels(labels, LabelSide::held_out);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<double> scores = scorer.score(held_out.texts);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return {scorer_metrics(scores, held_out.toxicity), taken.count(), scorer.description()};
}

ToxicityEvaluation fit_toxicity(const ToxicityFitOptions& options) {
  const std::filesystem::path configs = project_folder("configs");
  const std::filesystem::path folder = locate_encoder(options.encoder, configs, home_folder());
  ToxicityCard card;
  const ToxicityExamples training = read_toxicity_labels(options.labels, LabelSide::training);
  ToxicityFit fit = fit_toxicity_head(training, SentenceEncoder(folder));
  fit.head.version = options.version;
  fit.head.encoder = options.encoder;
  fit.head.provenance = {{"labels_sha256", sha256_file(options.labels)},
                         {"training_texts", std::to_string(training.texts.size())},
                         {"split", toxicity_split_rule}};
  save_toxicity_head(options.out, fit.head);

  const ToxicityModel model(options.out, folder);
  ToxicityEvaluation evaluation = evaluate_toxicity(model, options.labels);
  card.head_file = options.out.filename().string();
  card.head_sha256 = sha256_file(options.out);
  card.labels_file = options.labels.filename().string();
  for (const auto& [kind, values] : training.kinds) card.kinds.push_back(kind);
  card.training_texts = training.texts.size();
  card.cross_validation = fit.cross_validation;
  card.unclear_share = fit.unclear_share;
  card.held_out = evaluation.metrics;
  if (!options.probe.empty()) card.probe = probe_scores(model, options.probe);
  write_file(std::filesystem::path(options.out).replace_extension(".md"),
             toxicity_card(card, fit.head));
  return evaluation;
}

std::int64_t score_lines(const ToxicityScorer& scorer, const std::string& field, std::istream& in,
                         std::ostream& out, const std::string& place) {
  std::vector<Json> waiting;
  std::vector<std::string> texts;
  std::int64_t count = 0;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string here = fmt::format("{}:{}", place, number);
    if (line.size() > longest_line) throw FormatError("toxicity", here + ": the line is too long");
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    Json object = parse_json(line, here);
    Fields fields(object, here);
    texts.push_back(fields.required<std::string>(field));
    if (fields.has("toxicity")) {
      fields.refuse("toxicity", "no such field, which is where the score goes", object["toxicity"]);
    }
    waiting.push_back(std::move(object));
    ++count;
    if (waiting.size() == lines_together) write_scored(scorer, waiting, texts, out);
  }
  if (in.bad()) throw FileError("toxicity", place + ": reading failed");
  if (!waiting.empty()) write_scored(scorer, waiting, texts, out);
  return count;
}

Json answer_json(const ToxicityEvaluation& evaluation) {
  Json answer = {{"scorer", evaluation.scorer}};
  answer.update(to_json(evaluation.metrics));
  answer["seconds"] = evaluation.seconds;
  answer["texts_per_second"] = evaluation.texts_per_second();
  return answer;
}

}  // namespace austeer
