#include "engine/activation_tap.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace austeer {
namespace {

void check_layers(const SiteReading& reading, std::int64_t layers) {
  const auto wrong = std::ranges::adjacent_find(reading.layers, std::greater_equal{});
  if (reading.layers.empty() || (wrong == reading.layers.end() && reading.layers.front() >= 0 &&
                                 reading.layers.back() < layers)) {
    return;
  }
  throw UsageError(
      ErrorParts{fmt::format("[engine] {}: impossible layers", site_reading_name(reading)),
                 fmt::format("ascending ones from 0 to {}", layers - 1),
                 fmt::format("{} to {}", reading.layers.front(), reading.layers.back()), ""});
}

void check_answer(std::size_t text, std::size_t first, std::size_t tokens) {
  if (first < tokens) return;
  throw UsageError(ErrorParts{fmt::format("[engine] text {} has no answer to read", text),
                              fmt::format("a first token below {}", tokens), std::to_string(first),
                              ""});
}

}  // namespace

ActivationTap::ActivationTap(const Decoder& model, std::span<const SiteReading> readings,
                             std::span<const Tokens> texts, std::span<const std::size_t> first) {
  const auto count = static_cast<std::int64_t>(texts.size());
  if (std::ranges::any_of(readings, &SiteReading::reads_answers)) {
    if (first.size() != texts.size()) {
      throw UsageError("engine", fmt::format("{} first tokens of answers for {} texts",
                                             first.size(), texts.size()));
    }
    answer_start_.push_back(0);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      check_answer(i, first[i], texts[i].size());
      first_.push_back(static_cast<std::int64_t>(first[i]));
      answer_start_.push_back(answer_start_.back() +
                              static_cast<std::int64_t>(texts[i].size() - first[i]));
    }
  }
  for (const SiteReading& reading : readings) {
    const std::int64_t layers = model.config().layers;
    check_layers(reading, layers);
    const std::int64_t kept =
        reading.layers.empty() ? layers : static_cast<std::int64_t>(reading.layers.size());
    const std::int64_t rows =
        reading.positions == ReadPositions::answer_all ? answer_start_.back() : count;
    readings_.push_back(
        {reading, at::zeros({rows, kept, model.site_width(reading.site)}, model.dtype())});
  }
}

std::optional<std::int64_t> ActivationTap::index_of(const SiteReading& reading,
                                                    std::int64_t layer) {
  if (reading.layers.empty()) return layer;
  const auto found = std::ranges::find(reading.layers, layer);
  if (found == reading.layers.end()) return std::nullopt;
  return found - reading.layers.begin();
}

bool ActivationTap::wants(Site site, std::int64_t layer) const {
  return std::ranges::any_of(readings_, [&](const Reading& reading) {
    return reading.what.site == site && index_of(reading.what, layer);
  });
}

void ActivationTap::visit(Site site, std::int64_t layer, const Rows& rows,
                          at::Tensor& activations) {
  for (Reading& reading : readings_) {
    const auto index = index_of(reading.what, layer);
    if (reading.what.site != site || !index) continue;
    const at::Tensor target = reading.values.select(1, *index);
    if (reading.what.reads_answers()) {
      read_answers(reading.what.positions, target, rows, activations);
    } else {
      read_last(target, rows, activations);
    }
  }
}

void ActivationTap::read_last(at::Tensor target, const Rows& rows,
                              const at::Tensor& activations) const {
  std::vector<std::int64_t> texts;
  for (const std::int64_t row : rows.last)
    texts.push_back(rows.text[static_cast<std::size_t>(row)]);
  const at::Tensor last = at::tensor(rows.last, at::kLong).to(activations.device());
  target.index_copy_(0, at::tensor(texts, at::kLong), activations.index_select(0, last).cpu());
}

std::vector<ActivationTap::AnswerRows> ActivationTap::answer_rows(const Rows& rows) const {
  std::vector<AnswerRows> answers;
  for (std::size_t row = 0; row < rows.text.size(); ++row) {
    const std::int64_t text = rows.text[row];
    if (rows.position[row] < first_.at(static_cast<std::size_t>(text))) continue;
    if (answers.empty() || answers.back().text != text) {
      answers.push_back({text, static_cast<std::int64_t>(row), 0});
    }
    ++answers.back().count;
  }
  for (const AnswerRows& answer : answers) {
    const auto text = static_cast<std::size_t>(answer.text);
    const std::int64_t tokens = answer_start_[text + 1] - answer_start_[text];
    if (answer.count == tokens) continue;
    throw UsageError(ErrorParts{
        fmt::format("[engine] not every token of text {}'s answer is computed", answer.text),
        fmt::format("{} rows", tokens), std::to_string(answer.count),
        "Tell Engine::read where the answers begin"});
  }
  return answers;
}

void ActivationTap::read_answers(ReadPositions positions, at::Tensor target, const Rows& rows,
                                 const at::Tensor& activations) const {
  const std::vector<AnswerRows> answers = answer_rows(rows);
  std::vector<at::Tensor> parts;
  const bool whole = positions == ReadPositions::answer_all;
  const bool wide = activations.scalar_type() == at::kFloat;
  for (const AnswerRows& answer : answers) {
    const at::Tensor part = activations.narrow(0, answer.first_row, answer.count);
    parts.push_back(whole ? part
                          : part.to(wide ? at::kDouble : at::kFloat).mean(0, /*keepdim=*/true));
  }
  const at::Tensor found = at::cat(parts).cpu();
  std::int64_t row = 0;
  for (const AnswerRows& answer : answers) {
    const std::int64_t count = whole ? answer.count : 1;
    const std::int64_t place =
        whole ? answer_start_[static_cast<std::size_t>(answer.text)] : answer.text;
    target.narrow(0, place, count).copy_(found.narrow(0, row, count));
    row += count;
  }
}

}  // namespace austeer
