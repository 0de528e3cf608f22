#pragma once
// Tiny heads and labelled texts for the tests of the toxicity scorer.

#include <ATen/ATen.h>
#include <cmath>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "scorers/toxicity_fit.hpp"
#include "scorers/words.hpp"

namespace austeer::testing {

/// A stage of `logits` logits beside the n-grams', with numbers that float16 holds.
inline ToxicityStage tiny_stage(std::int64_t layers, std::int64_t width, std::int64_t logits) {
  ToxicityStage stage;
  const std::int64_t columns = (layers + 1) * 2 * width;
  stage.layers = layers;
  stage.weights =
      (at::arange(logits * columns, at::kFloat).remainder(7) - 3).div(8).view({logits, columns});
  stage.intercepts = at::arange(logits, at::kDouble).div(4);
  stage.range = at::stack(
      {at::full({logits + 1}, -2.0, at::kDouble), at::full({logits + 1}, 3.0, at::kDouble)});
  const std::int64_t terms = (logits + 1) + (logits + 1) * (logits + 2) / 2;
  stage.mix = at::arange(terms + 1, at::kDouble).div(10).sub(0.3);
  return stage;
}

inline ToxicityHead tiny_head() {
  ToxicityHead head;
  head.version = "7";
  head.encoder = "tiny";
  head.encoder_fingerprint = "none";
  head.width = 2;
  head.ngrams = at::arange(ngram_buckets, at::kFloat).remainder(5).sub(2).div(4);
  head.ngram_intercept = -0.25;
  head.quick = tiny_stage(0, 2, 1);
  head.full = tiny_stage(1, 2, 2);
  head.unclear_from = 0.1;
  head.unclear_to = 0.75;
  head.provenance = {{"split", "none"}, {"labels_sha256", "none"}};
  return head;
}

/// Texts of the training side, half of them rude, with two kinds of toxicity.
inline ToxicityExamples rude_and_kind_texts(int count) {
  const std::vector<std::string> rude = {"you fool", "what an idiot", "shut up now", "stupid liar"};
  const std::vector<std::string> kind = {"thank you", "what a day", "please come in", "well done"};
  ToxicityExamples examples;
  for (int i = 0; examples.texts.size() < static_cast<std::size_t>(count); ++i) {
    const bool is_rude = i % 2 == 0;
    const auto word = static_cast<std::size_t>(i / 2) % rude.size();
    const std::string text = fmt::format("{} number {}", (is_rude ? rude : kind)[word], i);
    if (toxicity_split(text).held_out) continue;
    examples.texts.push_back(text);
    examples.toxicity.push_back(is_rude ? 0.9 - 0.001 * (i % 90) : 0.1 + 0.001 * (i % 70));
    examples.kinds["insult"].push_back(is_rude && word < 2 ? 0.8 : 0.1);
    examples.kinds["threat"].push_back(i % 3 == 0 ? NAN : 0.2);
  }
  return examples;
}

}  // namespace austeer::testing
