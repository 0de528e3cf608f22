#pragma once
// A tiny random model, and what tests/reference/tiny_models.py wrote about it.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "models/config.hpp"
#include "models/decoder.hpp"
#include "models/folder_model.hpp"
#include "plans/plan.hpp"
#include "reference.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer::testing {

/// The sites that every layer of a model has.
inline std::vector<Site> sites_of(const DecoderConfig& config) {
  if (config.experts) return {paper_sites.begin(), paper_sites.end()};
  return {all_sites.begin(), all_sites.end()};
}

/// A plan that the reference steered with: "SITE.OPERATION.POSITIONS".
struct SteeringCase {
  explicit SteeringCase(const std::string& name) : key(name) {
    const std::size_t first = name.find('.');
    const std::size_t second = name.find('.', first + 1);
    site = parse_site(name.substr(0, first));
    operation = operations().at(name.substr(first + 1, second - first - 1));
    positions = parse_positions(name.substr(second + 1));
  }

  static const std::map<std::string, Operation>& operations() {
    static const std::map<std::string, Operation> known = {{"scale", Operation::scale},
                                                           {"directed", Operation::directed},
                                                           {"add", Operation::add},
                                                           {"set", Operation::set},
                                                           {"clamp", Operation::clamp}};
    return known;
  }

  std::string key;
  Site site;
  Operation operation;
  Positions positions;
};

struct TinyModel {
  explicit TinyModel(const std::string& name)
      : reference(reference_file("tiny/" + name + "/reference.safetensors")),
        folder(reference.path().parent_path()),
        decoder(open(FolderModel(folder))) {
    while (reference.has("tokens." + std::to_string(texts.size()))) {
      const std::string number = std::to_string(texts.size());
      texts.push_back(to_tokens(expected("tokens." + number)));
      prompts.push_back(
          static_cast<std::size_t>(expected("prompt." + number).item<std::int64_t>()));
    }
    if (texts.size() < 4) throw std::runtime_error(name + " has fewer than four texts");
  }

  static Decoder open(const FolderModel& files) {
    return {files.config(), files, at::kFloat, at::kCPU};
  }

  at::Tensor expected(const std::string& name) const { return reference.tensor(name); }

  /// Operations in sequence of a whole pass: about ten per layer.
  std::int64_t depth() const { return 10 * (decoder.config().layers + 1); }

  std::vector<SteeringCase> cases() const {
    std::vector<SteeringCase> result;
    for (const Json& name : parse_json(reference.header().metadata.at("cases"), "cases")) {
      result.emplace_back(name.get<std::string>());
    }
    return result;
  }

  Plan plan(const SteeringCase& steering) const {
    const std::string prefix = "plan." + steering.key;
    const Tokens layers = to_tokens(expected(prefix + ".layers"));
    const Tokens dims = to_tokens(expected(prefix + ".dims"));
    const at::Tensor values = expected(prefix + ".values");
    std::map<std::int64_t, std::map<std::int64_t, float>> by_layer;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      by_layer[layers[i]][dims[i]] = values[static_cast<std::int64_t>(i)].item<float>();
    }
    Plan result;
    for (const auto& [layer, units] : by_layer) {
      Edit edit{steering.site, layer, steering.operation, {}, {}, steering.positions};
      for (const auto& [dim, value] : units) {
        edit.dims.push_back(dim);
        edit.values.push_back(value);
      }
      result.edits.push_back(edit);
    }
    return result;
  }

  SafetensorsFile reference;
  std::filesystem::path folder;
  Decoder decoder;
  std::vector<Tokens> texts;
  std::vector<std::size_t> prompts;  ///< of each text, how many tokens are its prompt
};

/// The model of this name, read once: its reference names thousands of tensors.
inline const TinyModel& tiny_model(const std::string& name) {
  static std::map<std::string, TinyModel> read;
  return read.try_emplace(name, name).first->second;
}

}  // namespace austeer::testing
