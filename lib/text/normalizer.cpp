#include "text/normalizer.hpp"

namespace austeer {

void Normalizer::add_form(NormalForm form) { steps_.emplace_back(form); }

void Normalizer::add_replacement(Regex pattern, std::string content) {
  steps_.emplace_back(Replacement{std::move(pattern), std::move(content)});
}

void Normalizer::add_prefix(std::string prefix) { steps_.emplace_back(std::move(prefix)); }

void Normalizer::add_bert(BertNormalization options) { steps_.emplace_back(options); }

void Normalizer::add_charsmap(Charsmap table) { steps_.emplace_back(std::move(table)); }

std::string Normalizer::apply(std::string_view text) const {
  const std::size_t max_bytes = grown_limit(text.size());
  std::string result(text);
  for (const auto& step : steps_) {
    result = std::visit([&](const auto& one) { return apply_step(one, result, max_bytes); }, step);
  }
  return result;
}

std::string Normalizer::apply_step(NormalForm form, const std::string& text, std::size_t) {
  return normalise(text, form);
}

std::string Normalizer::apply_step(const Replacement& step, const std::string& text,
                                   std::size_t max_bytes) {
  return step.pattern.replace_all(text, step.content, max_bytes);
}

std::string Normalizer::apply_step(const Prefix& prefix, const std::string& text, std::size_t) {
  return text.empty() ? text : prefix + text;
}

std::string Normalizer::apply_step(const BertNormalization& options, const std::string& text,
                                   std::size_t) {
  return bert_normalise(text, options);
}

std::string Normalizer::apply_step(const Charsmap& table, const std::string& text,
                                   std::size_t max_bytes) {
  return table.apply(text, max_bytes);
}

}  // namespace austeer
