#include "runs/toxicity.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <istream>
#include <limits>
#include <ostream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json_lines.hpp"
#include "base/paths.hpp"
#include "models/locate.hpp"
#include "runs/toxicity_card.hpp"
#include "scorers/open_scorer.hpp"
#include "scorers/toxicity_split.hpp"

namespace austeer {
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

}  // namespace austeer
