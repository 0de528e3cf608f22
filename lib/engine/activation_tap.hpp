#pragma once
// Reads activations into tensors on the CPU, text by text: what `collect` writes to disk. Per site
// and layer it takes each text's last token, the mean over the tokens of its answer, or each of
// those tokens.

#include <ATen/ATen.h>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "engine/engine.hpp"
#include "engine/packed_pass.hpp"
#include "models/decoder.hpp"

namespace austeer {

class ActivationTap : public Tap {
 public:
  /// Room for `readings` of `texts`, in the model's dtype. `first` as for Engine::read, which must
  /// be told it too: the first token of each text's answer; it may be empty where nothing but last
  /// tokens is read. Throws UsageError for entries that leave an answer without tokens, layers that
  /// the model lacks, and sites that it lacks.
  ActivationTap(const Decoder& model, std::span<const SiteReading> readings,
                std::span<const Tokens> texts, std::span<const std::size_t> first = {});

  bool wants(Site site, std::int64_t layer) const override;

  /// Throws UsageError where an answer's tokens are not among the rows: the engine was not told of
  /// `first`.
  void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) override;

  /// What was read, by the index of the reading: [texts, layers, width], row i for text i; of
  /// answer_all [answer tokens, layers, width], one text's after the other's. On the CPU. Means are
  /// summed in float32, of float32 activations in float64, and rounded once.
  const at::Tensor& activations(std::size_t reading) const { return readings_.at(reading).values; }

 private:
  struct Reading {
    SiteReading what;
    at::Tensor values;
  };

  /// The rows of one text's answer within a pass.
  struct AnswerRows {
    std::int64_t text = 0;
    std::int64_t first_row = 0;
    std::int64_t count = 0;
  };

  static std::optional<std::int64_t> index_of(const SiteReading& reading, std::int64_t layer);
  std::vector<AnswerRows> answer_rows(const Rows& rows) const;
  void read_last(at::Tensor target, const Rows& rows, const at::Tensor& activations) const;
  void read_answers(ReadPositions positions, at::Tensor target, const Rows& rows,
                    const at::Tensor& activations) const;

  std::vector<Reading> readings_;
  std::vector<std::int64_t> first_;  ///< per text; empty where no answers are read
  /// Per text: where its answer begins in the tensors of answer_all; one more entry for the end.
  std::vector<std::int64_t> answer_start_;
};

}  // namespace austeer
