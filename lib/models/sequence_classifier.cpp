#include "models/sequence_classifier.hpp"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "models/linear.hpp"

namespace austeer {
namespace {

constexpr std::int64_t most_labels = std::int64_t{1} << 16;

std::int64_t checked_count(Fields& fields, const std::string& key, std::int64_t count) {
  if (count < 1 || count > most_labels) {
    fields.refuse(key, fmt::format("1 to {} labels", most_labels), count);
  }
  return count;
}

/// The names under "0", "1", ... of id2label; without it "LABEL_0" and so on.
std::vector<std::string> read_labels(Fields& fields) {
  std::vector<std::string> labels;
  if (!fields.has("id2label")) {
    const auto count =
        checked_count(fields, "num_labels", fields.optional<std::int64_t>("num_labels", 2));
    for (std::int64_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
    return labels;
  }
  Fields names = fields.object("id2label");
  const auto count =
      checked_count(fields, "id2label", static_cast<std::int64_t>(fields.value("id2label").size()));
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(names.required<std::string>(std::to_string(i)));
  }
  return labels;
}

ClassifierProblem read_problem(Fields& fields, std::size_t labels) {
  const std::string otherwise =
      labels == 1 ? "multi_label_classification" : "single_label_classification";
  const auto name = fields.optional<std::string>("problem_type", otherwise);
  if (name == "single_label_classification") return ClassifierProblem::single_label;
  if (name == "multi_label_classification") return ClassifierProblem::multi_label;
  if (name == "regression") return ClassifierProblem::regression;
  fields.refuse("problem_type",
                "single_label_classification, multi_label_classification or regression", name);
}

/// The first token's row of each text.
at::Tensor first_rows(const at::Tensor& hidden, const PackedTexts& texts) {
  std::vector<std::int64_t> rows;
  for (const TextRun& run : texts.runs) {
    for (std::int64_t i = 0; i < run.texts; ++i) rows.push_back(run.first_row + i * run.length);
  }
  return hidden.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(rows), at::kLong));
}

}  // namespace

SequenceClassifier::SequenceClassifier(const std::filesystem::path& folder, at::ScalarType dtype)
    : SequenceClassifier(folder, *open_safetensors_checkpoint(folder), dtype) {}

SequenceClassifier::SequenceClassifier(const std::filesystem::path& folder,
                                       const Checkpoint& checkpoint, at::ScalarType dtype)
    : encoder_(read_encoder_config(folder), checkpoint, dtype),
      texts_(load_tokenizer(folder), encoder_.config()) {
  const std::filesystem::path file = folder / "config.json";
  const Json json = read_json(file);
  Fields fields(json, file.string());
  labels_ = read_labels(fields);
  problem_ = read_problem(fields, labels_.size());
  load_head(checkpoint);
  fingerprint_ =
      sha256(checkpoint.fingerprint() + sha256_file(file) + texts_.tokenizer().fingerprint());
}

/// BERT's dense layer is called the encoder's pooler, RoBERTa's and DistilBERT's are the head's
/// own.
void SequenceClassifier::load_head(const Checkpoint& checkpoint) {
  const EncoderConfig& config = encoder_.config();
  const Weights weights(checkpoint, encoder_.dtype(), encoder_.device());
  const std::string& type = config.model_type;
  const std::string dense = type == "roberta" ? "classifier.dense"
                            : type == "distilbert"
                                ? "pre_classifier"
                                : encoder_prefix(config, checkpoint) + "pooler.dense";
  const std::string out = type == "roberta" ? "classifier.out_proj" : "classifier";
  dense_ = weights.linear(dense, config.width, config.width, true);
  out_ = weights.linear(out, static_cast<std::int64_t>(labels_.size()), config.width, true);
}

at::Tensor SequenceClassifier::logits(std::span<const std::string> texts) const {
  at::Tensor result = at::empty(
      {static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(labels_.size())},
      at::kFloat);
  const c10::InferenceMode guard;
  const bool relu = encoder_.config().model_type == "distilbert";
  for (const EncoderBatch& batch : texts_.batches(texts)) {
    at::Tensor state = dense_(first_rows(encoder_.forward(batch.packed), batch.packed));
    relu ? state.relu_() : state.tanh_();
    result.index_copy_(0, batch.rows(), out_(state).to(at::kFloat));
  }
  return result;
}

}  // namespace austeer
