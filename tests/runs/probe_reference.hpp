#pragma once
// A tiny model as probes take it, and what tests/reference/probes.py wrote about its units.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "engine/tiny_model.hpp"
#include "models/load.hpp"
#include "plans/units.hpp"
#include "reference.hpp"

namespace austeer::testing {

/// The text "2" is the reference's text 2. Any ids are a text, " t17" for the id 17, which starts
/// without its space, as SentencePiece decodes.
class NumberedTexts : public Tokenizer {
 public:
  NumberedTexts(std::vector<Tokens> texts, std::int64_t size)
      : texts_(std::move(texts)), size_(size) {}

  std::vector<TokenId> encode_text(std::string_view text) const override {
    if (text == "a") return {0};
    return texts_.at(static_cast<std::size_t>(std::stoi(std::string(text))));
  }
  std::string decode(std::span<const TokenId> ids) const override {
    std::string text;
    for (const TokenId id : ids) text += " t" + std::to_string(id);
    return text.substr(text.empty() ? 0 : 1);
  }
  std::int64_t size() const override { return size_; }
  std::optional<TokenId> find(std::string_view /*piece*/) const override { return std::nullopt; }
  std::string fingerprint() const override { return ""; }

 private:
  std::vector<Tokens> texts_;
  std::int64_t size_;
};

struct ProbeReference {
  explicit ProbeReference(const std::string& name)
      : tiny(tiny_model(name)), file(reference_file("probes/" + name + ".safetensors")) {
    for (const Json& unit : list("units")) units.push_back(parse_unit(unit.get<std::string>()));
    for (const Json& strength : list("strengths")) strengths.push_back(strength.get<double>());
    for (std::size_t i = 0; i < tiny.texts.size(); ++i) prompts.push_back(std::to_string(i));
    model.name = name;
    model.decoder = std::make_unique<Decoder>(
        read_config(tiny.folder), *open_safetensors_checkpoint(tiny.folder), at::kFloat, at::kCPU);
    use_tokenizer(model.decoder->config().vocabulary);
  }

  /// From here on the model's tokenizer has `size` ids.
  void use_tokenizer(std::int64_t size) {
    model.tokenizer = std::make_unique<NumberedTexts>(tiny.texts, size);
  }

  Json list(const std::string& key) const {
    return parse_json(file.header().metadata.at(key), key);
  }

  const TinyModel& tiny;
  SafetensorsFile file;
  std::vector<UnitName> units;
  std::vector<double> strengths;
  std::vector<std::string> prompts;
  Model model;
};

inline std::string probed_model_name(const ::testing::TestParamInfo<const char*>& info) {
  return info.param;
}

/// Plain, with biases, with norms of queries and keys, with experts, and with norms after blocks.
inline const auto probed_models =
    ::testing::Values("three_heads", "biases", "qwen3", "experts", "gemma2", "gemma3");

}  // namespace austeer::testing
