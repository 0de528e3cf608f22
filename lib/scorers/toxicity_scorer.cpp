#include "scorers/toxicity_scorer.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
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
#include "scorers/words.hpp"
#include "tensors/safetensors.hpp"

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

namespace {

constexpr std::string_view schema = "austeer toxicity head 1";
constexpr std::int64_t most_layers = 1000;
constexpr std::int64_t largest_width = 65536;
constexpr std::int64_t most_logits = 64;

std::int64_t polynomial_size(std::int64_t logits) { return logits + logits * (logits + 1) / 2; }

std::int64_t pooled_size(std::int64_t layers, std::int64_t width) {
  return (layers + 1) * 2 * width;
}

/// Reads the tensors and the description of one head file, and refuses what does not fit.
class HeadReader {
 public:
  explicit HeadReader(const std::filesystem::path& file)
      : file_(file), place_(file.string()), description_(read_description()) {}

  ToxicityHead read() {
    ToxicityHead head;
    Fields fields(description_, place_);
    head.version = fields.required<std::string>("version");
    head.encoder = fields.required<std::string>("encoder");
    head.encoder_fingerprint = fields.required<std::string>("encoder_fingerprint");
    head.width = number_in(fields, "width", 1, largest_width);
    head.unclear_from = probability(fields, "unclear_from");
    head.unclear_to = probability(fields, "unclear_to");
    if (head.unclear_from > head.unclear_to) {
      fields.refuse("unclear_to", "at least unclear_from", head.unclear_to);
    }
    head.quick.layers = number_in(fields, "quick_layers", 0, most_layers);
    head.full.layers = number_in(fields, "full_layers", 0, most_layers);
    Fields provenance = fields.object("provenance");
    for (const auto& [key, value] : fields.value("provenance").items()) {
      head.provenance[key] = provenance.required<std::string>(key);
    }
    fields.refuse_unknown();

    head.ngrams = take("ngrams", at::kHalf, {ngram_buckets}).to(at::kFloat);
    head.ngram_intercept = take("ngram_intercept", at::kDouble, {1}).item<double>();
    read_stage("quick", head.width, head.quick);
    read_stage("full", head.width, head.full);
    if (file_.header().tensors.size() != taken_) {
      throw FormatError({"[scorer] " + place_ + ": further tensors", std::to_string(taken_),
                         std::to_string(file_.header().tensors.size()), ""});
    }
    return head;
  }

 private:
  Json read_description() const {
    const auto& metadata = file_.header().metadata;
    const auto found = metadata.find("austeer");
    if (found == metadata.end() || !metadata.contains("schema") ||
        metadata.at("schema") != schema) {
      throw FormatError({"[scorer] " + place_ + ": no toxicity head", std::string(schema),
                         metadata.contains("schema") ? metadata.at("schema") : "no schema",
                         "Make one with: austeer toxicity fit"});
    }
    return parse_json(found->second, place_);
  }

  static std::int64_t number_in(Fields& fields, const std::string& key, std::int64_t least,
                                std::int64_t most) {
    const auto value = fields.required<std::int64_t>(key);
    if (value < least || value > most) {
      fields.refuse(key, fmt::format("a number from {} to {}", least, most), value);
    }
    return value;
  }

  static double probability(Fields& fields, const std::string& key) {
    const auto value = fields.required<double>(key);
    if (!(value >= 0 && value <= 1)) fields.refuse(key, "a number from 0 to 1", value);
    return value;
  }

  void read_stage(const std::string& name, std::int64_t width, ToxicityStage& stage) {
    const at::Tensor weights = file_.tensor(name + ".weights");
    const std::int64_t logits = weights.dim() == 2 ? weights.size(0) : 0;
    if (logits < 1 || logits > most_logits) {
      throw FormatError({"[scorer] " + place_ + ": " + name + ".weights is wrong",
                         fmt::format("1 to {} rows", most_logits), std::to_string(logits), ""});
    }
    stage.weights = take(name + ".weights", at::kHalf, {logits, pooled_size(stage.layers, width)})
                        .to(at::kFloat);
    stage.intercepts = take(name + ".intercepts", at::kDouble, {logits}).clone();
    stage.range = take(name + ".range", at::kDouble, {2, logits + 1}).clone();
    stage.mix = take(name + ".mix", at::kDouble, {1 + polynomial_size(logits + 1)}).clone();
    if ((stage.range[0] > stage.range[1]).any().item<bool>()) {
      throw FormatError("scorer", place_ + ": " + name + ".range has bounds out of order");
    }
  }

  /// The tensor `name`, which has to have this dtype and shape and only finite numbers.
  at::Tensor take(const std::string& name, at::ScalarType dtype,
                  const std::vector<std::int64_t>& shape) {
    const at::Tensor tensor = file_.tensor(name);
    if (tensor.scalar_type() != dtype || tensor.sizes() != at::IntArrayRef(shape)) {
      throw FormatError(
          {"[scorer] " + place_ + ": " + name + " is wrong",
           fmt::format("{} of {} numbers", at::toString(dtype), c10::multiply_integers(shape)),
           fmt::format("{} of {}", at::toString(tensor.scalar_type()), tensor.numel()), ""});
    }
    if (!at::isfinite(tensor).all().item<bool>()) {
      throw FormatError("scorer", place_ + ": " + name + " has a number that is not finite");
    }
    ++taken_;
    return tensor;
  }

  SafetensorsFile file_;
  std::string place_;
  Json description_;
  std::size_t taken_ = 0;
};

void add_stage(const std::string& name, const ToxicityStage& stage,
               std::vector<std::pair<std::string, at::Tensor>>& tensors) {
  tensors.emplace_back(name + ".weights", stage.weights.to(at::kHalf));
  tensors.emplace_back(name + ".intercepts", stage.intercepts);
  tensors.emplace_back(name + ".range", stage.range);
  tensors.emplace_back(name + ".mix", stage.mix);
}

}  // namespace

at::Tensor polynomial_terms(const at::Tensor& logits) {
  std::vector<at::Tensor> terms = {logits};
  for (std::int64_t i = 0; i < logits.size(1); ++i) {
    terms.push_back(logits.narrow(1, i, 1) * logits.narrow(1, i, logits.size(1) - i));
  }
  return at::cat(terms, 1);
}

at::Tensor ToxicityStage::score(const at::Tensor& pooled, const at::Tensor& ngram_logits) const {
  const at::Tensor dense = at::mm(pooled, weights.t()).to(at::kDouble) + intercepts;
  const at::Tensor logits = at::cat({dense, ngram_logits.unsqueeze(1)}, 1);
  const at::Tensor clamped = at::minimum(at::maximum(logits, range[0]), range[1]);
  return at::sigmoid(polynomial_terms(clamped).mv(mix.narrow(0, 1, mix.size(0) - 1)) + mix[0]);
}

void save_toxicity_head(const std::filesystem::path& file, const ToxicityHead& head) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  tensors.emplace_back("ngrams", head.ngrams.to(at::kHalf));
  tensors.emplace_back("ngram_intercept", at::full({1}, head.ngram_intercept, at::kDouble));
  add_stage("quick", head.quick, tensors);
  add_stage("full", head.full, tensors);
  const Json description = {{"version", head.version},
                            {"encoder", head.encoder},
                            {"encoder_fingerprint", head.encoder_fingerprint},
                            {"width", head.width},
                            {"quick_layers", head.quick.layers},
                            {"full_layers", head.full.layers},
                            {"unclear_from", head.unclear_from},
                            {"unclear_to", head.unclear_to},
                            {"provenance", head.provenance}};
  write_safetensors(file, tensors,
                    {{"schema", std::string(schema)}, {"austeer", to_text(description)}});
}

ToxicityHead load_toxicity_head(const std::filesystem::path& file) {
  return HeadReader(file).read();
}

namespace {

// Texts that are pooled together: enough for full batches, few enough to hold their states.
constexpr std::size_t batch_texts = 1024;

at::Tensor as_tensor(const std::vector<double>& values) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble);
}

}  // namespace

at::Tensor ngram_logits(const ToxicityHead& head, std::span<const std::string> texts) {
  const float* weights = head.ngrams.const_data_ptr<float>();
  std::vector<double> logits;
  for (const std::string& text : texts) {
    double logit = head.ngram_intercept;
    for (const SparseElement& element : ngram_features(text)) {
      logit += static_cast<double>(element.value) * static_cast<double>(weights[element.column]);
    }
    logits.push_back(logit);
  }
  return as_tensor(logits);
}

ToxicityModel::ToxicityModel(const std::filesystem::path& head_file,
                             const std::filesystem::path& encoder_folder)
    : head_(load_toxicity_head(head_file)),
      fingerprint_(sha256_file(head_file)),
      encoder_(encoder_folder) {
  if (encoder_.fingerprint() != head_.encoder_fingerprint || encoder_.width() != head_.width ||
      encoder_.layers() < std::max(head_.quick.layers, head_.full.layers)) {
    throw FormatError({fmt::format("[scorer] {}: fitted on another encoder than {}",
                                   head_file.string(), encoder_folder.string()),
                       head_.encoder + ", fingerprint " + head_.encoder_fingerprint,
                       encoder_.fingerprint(),
                       "Get it with: austeer fetch model " + head_.encoder});
  }
}

std::vector<double> ToxicityModel::score_batch(std::span<const std::string> texts) const {
  const c10::InferenceMode guard;
  const at::Tensor spelling = ngram_logits(head_, texts);
  const at::Tensor quick =
      head_.quick.score(encoder_.pooled_states(texts, head_.quick.layers), spelling);
  std::vector<double> scores(quick.const_data_ptr<double>(),
                             quick.const_data_ptr<double>() + quick.numel());
  std::vector<std::int64_t> unclear;
  std::vector<std::string> unclear_texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (scores[i] < head_.unclear_from || scores[i] > head_.unclear_to) continue;
    unclear.push_back(static_cast<std::int64_t>(i));
    unclear_texts.push_back(texts[i]);
  }
  if (unclear.empty()) return scores;
  const at::Tensor full = head_.full.score(
      encoder_.pooled_states(unclear_texts, head_.full.layers),
      spelling.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(unclear), at::kLong)));
  for (std::size_t i = 0; i < unclear.size(); ++i) {
    scores[static_cast<std::size_t>(unclear[i])] = full.const_data_ptr<double>()[i];
  }
  return scores;
}

std::vector<double> ToxicityModel::score(std::span<const std::string> texts) const {
  std::vector<double> scores;
  for (std::size_t first = 0; first < texts.size(); first += batch_texts) {
    const auto batch =
        score_batch(texts.subspan(first, std::min(batch_texts, texts.size() - first)));
    scores.insert(scores.end(), batch.begin(), batch.end());
  }
  return scores;
}

Json ToxicityModel::description() const {
  return {{"kind", "austeer"},        {"name", "austeer-" + head_.version},
          {"version", head_.version}, {"fingerprint", fingerprint_},
          {"encoder", head_.encoder}, {"encoder_fingerprint", head_.encoder_fingerprint}};
}

}  // namespace austeer
