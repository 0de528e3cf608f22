#include "exports/folding.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/progress.hpp"
#include "base/version.hpp"
#include "models/families.hpp"
#include "models/folder_model.hpp"
#include "tensors/checkpoint.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {

namespace {

/// Modules that have biases together or not at all.
struct BiasGroup {
  const char* key;  ///< of config.json
  const char* parent;
  std::vector<const char*> modules;
  bool present;  ///< whether this model has them
  bool read;     ///< whether its family reads the key
};

BiasGroup attention_biases(const DecoderConfig& config) {
  return {"attention_bias",
          "self_attn",
          {"q_proj", "k_proj", "v_proj", "o_proj"},
          config.output_bias,
          family_of(config.model_type).reads_attention_bias};
}

BiasGroup ffn_biases(const DecoderConfig& config) {
  return {"mlp_bias",
          "mlp",
          {"gate_proj", "up_proj", "down_proj"},
          config.ffn_bias,
          family_of(config.model_type).reads_ffn_bias};
}

[[noreturn]] void refuse_folding(const AffinePlan::key_type& place, std::string_view why,
                                 std::string_view hint) {
  throw UsageError("export",
                   fmt::format("layer {}, site {}: {}", place.first, site_name(place.second), why),
                   hint);
}

/// Sees to it that the modules of `group` have biases.
void need_biases(Folding& folding, const BiasGroup& group, const AffinePlan::key_type& place,
                 const DecoderConfig& config) {
  if (group.present || std::ranges::count(folding.switches, group.key) > 0) return;
  if (!group.read) {
    refuse_folding(
        place, fmt::format("the shift needs a bias, which {} has none of there", config.model_type),
        "A shift of the residual stream can go --to control-vector");
  }
  folding.switches.emplace_back(group.key);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    for (const char* module : group.modules) {
      folding.new_biases.push_back(
          fmt::format("model.layers.{}.{}.{}", layer, group.parent, module));
    }
  }
}

at::Tensor as_tensor(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

at::Tensor sum_of(const at::Tensor& a, const at::Tensor& b) { return a.defined() ? a + b : b; }

void fold_attention(Folding& folding, const AffinePlan::key_type& place, const AffineEdit& edit,
                    const DecoderConfig& config) {
  ModuleFold& output =
      folding.modules[fmt::format("model.layers.{}.self_attn.o_proj", place.first)];
  if (edit.scales()) output.columns = as_tensor(edit.factor);
  if (!edit.shifts()) return;
  output.input = as_tensor(edit.offset);
  need_biases(folding, attention_biases(config), place, config);
}

void fold_experts(Folding& folding, const AffinePlan::key_type& place, const AffineEdit& edit,
                  const DecoderConfig& config) {
  if (edit.shifts()) {
    refuse_folding(place, "experts have no bias that could take the shift",
                   "A shift of the residual stream can go --to control-vector");
  }
  for (std::int64_t expert = 0; expert < config.experts->count; ++expert) {
    folding.modules[fmt::format("model.layers.{}.mlp.experts.{}.down_proj", place.first, expert)]
        .rows = as_tensor(edit.factor);
  }
}

/// Sites that down_proj reads or writes; the residual stream too, where its output is all that the
/// layer adds last.
void fold_ffn(Folding& folding, const AffinePlan::key_type& place, const AffineEdit& edit,
              const DecoderConfig& config) {
  const Site site = place.second;
  if (site == Site::layer && edit.scales()) {
    refuse_folding(place, "what leaves a layer is a sum that no single matrix writes",
                   "Steer at the sites attention or ffn");
  }
  if (site == Site::layer && config.post_norms) {
    refuse_folding(place, "a norm follows the FFN in this family", "Use --to control-vector");
  }
  if (site == Site::ffn_gate && edit.shifts()) {
    refuse_folding(place, "the shift is multiplied by the FFN's other half, which no bias is", "");
  }
  if (config.has_experts(place.first)) return fold_experts(folding, place, edit, config);
  ModuleFold& down = folding.modules[fmt::format("model.layers.{}.mlp.down_proj", place.first)];
  if (edit.scales()) {
    (site == Site::ffn_gate ? down.columns : down.rows) = as_tensor(edit.factor);
  }
  if (!edit.shifts()) return;
  down.output = sum_of(down.output, as_tensor(edit.offset));
  need_biases(folding, ffn_biases(config), place, config);
}

}  // namespace

at::Tensor ModuleFold::weight(const at::Tensor& weight) const {
  at::Tensor folded = weight.to(at::kDouble);
  if (rows.defined()) folded = folded * rows.unsqueeze(1);
  if (columns.defined()) folded = folded * columns;
  return folded.to(weight.scalar_type());
}

at::Tensor ModuleFold::bias(const at::Tensor& weight, const at::Tensor& bias) const {
  at::Tensor folded =
      bias.defined() ? bias.to(at::kDouble) : at::zeros({weight.size(0)}, at::kDouble);
  if (input.defined()) folded = folded + at::mv(weight.to(at::kDouble), input);
  if (rows.defined()) folded = folded * rows;
  if (output.defined()) folded = folded + output;
  return folded.to(weight.scalar_type());
}

Folding fold(const AffinePlan& affine, const DecoderConfig& config) {
  Folding folding;
  for (const auto& [place, edit] : affine) {
    const bool attention = place.second == Site::attention;
    (attention ? fold_attention : fold_ffn)(folding, place, edit, config);
  }
  return folding;
}

namespace {

namespace fs = std::filesystem;

constexpr const char* config_file = "config.json";
constexpr std::string_view weight_suffix = ".weight";
constexpr std::string_view bias_suffix = ".bias";

/// Weights in other formats, which would bring the unsteered model along.
const std::set<std::string> weight_extensions = {
    ".safetensors", ".bin", ".pt", ".pth", ".h5", ".gguf", ".onnx", ".ckpt", ".msgpack", ".pkl"};

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// Folds tensors by their names: modules as the decoder calls them, tensors as the files do.
class TensorFolder {
 public:
  TensorFolder(const FolderModel& source, Folding folding)
      : source_(source),
        folding_(std::move(folding)),
        new_biases_(folding_.new_biases.begin(), folding_.new_biases.end()) {}

  const Folding& folding() const { return folding_; }

  /// Appends what becomes of the source's tensor `name`, and after a weight the bias that it gets.
  void append(const std::string& name, const at::Tensor& tensor, NamedTensors& out) {
    const std::string in_decoder = source_.tensor_names().of_decoder(name).value_or(name);
    const std::string module = in_decoder.substr(0, in_decoder.rfind('.'));
    const auto fold = folding_.modules.find(module);
    const bool folded = fold != folding_.modules.end();
    const bool weight = name.ends_with(weight_suffix);
    if (folded && weight && fold->second.changes_weight()) {
      check_float(name, tensor);
      out.emplace_back(name, changed(name, fold->second.weight(tensor)));
    } else if (folded && name.ends_with(bias_suffix) && fold->second.changes_bias()) {
      out.emplace_back(name, changed(name, fold->second.bias(weight_of(module), tensor)));
    } else {
      out.emplace_back(name, tensor);
    }
    if (weight && new_biases_.contains(module)) {
      const std::string bias = source_.tensor_names().stored(module + std::string(bias_suffix));
      const ModuleFold none;
      const ModuleFold& own = folded ? fold->second : none;
      out.emplace_back(bias, changed(bias, own.bias(tensor, {})));
    }
  }

  const std::vector<std::string>& names_changed() const { return changed_; }

 private:
  at::Tensor weight_of(const std::string& module) const {
    return source_.stored(module + std::string(weight_suffix));
  }

  at::Tensor changed(const std::string& name, at::Tensor tensor) {
    changed_.push_back(name);
    return tensor;
  }

  void check_float(const std::string& name, const at::Tensor& tensor) const {
    if (at::isFloatingType(tensor.scalar_type()) && tensor.dim() == 2) return;
    throw FormatError(
        {fmt::format("{}: '{}' cannot be scaled", source_.path().string(), name),
         "a matrix of floating-point numbers",
         fmt::format("{} with {} dimensions", c10::toString(tensor.scalar_type()), tensor.dim()),
         "Use --to ia3"});
  }

  const FolderModel& source_;
  Folding folding_;
  std::set<std::string> new_biases_;
  std::vector<std::string> changed_;
};

/// Writes the folded twin of one shard; which tensors it has.
NamedTensors fold_shard(const fs::path& shard, const fs::path& target, TensorFolder& folder) {
  const SafetensorsFile file(shard);
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [name, entry] : file.header().tensors) order.emplace_back(entry.begin, name);
  std::ranges::sort(order);
  NamedTensors tensors;
  for (const auto& [begin, name] : order) folder.append(name, file.tensor(name), tensors);
  write_safetensors(target, tensors, file.header().metadata);
  return tensors;
}

/// The source's index with the tensors that `shard` has got beside those it had.
void extend_index(Json& index, const std::string& shard, const NamedTensors& tensors) {
  const Json::json_pointer total("/metadata/total_size");
  Json& map = index["weight_map"];
  for (const auto& [name, tensor] : tensors) {
    if (map.contains(name)) continue;
    map[name] = shard;
    if (index.contains(total) && index[total].is_number_integer()) {
      index[total] = index[total].get<std::int64_t>() + static_cast<std::int64_t>(tensor.nbytes());
    }
  }
}

/// Everything but weights, and but what is written otherwise.
void copy_others(const fs::path& source, const fs::path& folder) {
  for (const std::string& name : list_folder(source)) {
    const fs::path file = source / name;
    if (!fs::is_regular_file(file) || name == config_file || name == safetensors_index) continue;
    if (weight_extensions.contains(file.extension()) || name.ends_with(".index.json")) continue;
    write_file(folder / name, read_file(file));
  }
}

void write_config(const fs::path& source, const fs::path& folder, const Folding& folding) {
  if (folding.switches.empty()) {
    return write_file(folder / config_file, read_file(source / config_file));
  }
  Json json = read_json(source / config_file);
  Json& decoder = has_text_part(json) ? json[text_config_key] : json;
  for (const std::string& key : folding.switches) decoder[key] = true;
  write_file(folder / config_file, to_text(json, 2) + "\n");
}

void write_origin(const fs::path& folder, const Plan& plan,
                  const std::vector<std::string>& changed) {
  const Json origin = {
      {"austeer", full_version()}, {"plan", plan.provenance}, {"changed_tensors", changed}};
  write_file(folder / "austeer.json", to_text(origin, 2) + "\n");
}

}  // namespace

std::vector<std::string> write_folded_checkpoint(const Plan& plan, const DecoderConfig& config,
                                                 const fs::path& source, const fs::path& folder) {
  if (config.four_bit) {
    throw UsageError("export", "weights in 4 bits cannot take factors without being rounded again",
                     "Use --to ia3, which scales activations");
  }
  Folding folding = fold(affine_plan(plan, config), config);
  const FolderModel model(source);
  const std::vector<fs::path> shards = safetensors_shards(source);
  make_output_folder(folder);

  TensorFolder tensor_folder(model, std::move(folding));
  const bool indexed =
      fs::exists(source / safetensors_index) && shards.front().filename() != "model.safetensors";
  Json index = indexed ? read_json(source / safetensors_index) : Json::object();
  Progress progress("export", "shards", static_cast<std::int64_t>(shards.size()));
  for (const fs::path& shard : shards) {
    const std::string name = shard.filename();
    const NamedTensors tensors = fold_shard(shard, folder / name, tensor_folder);
    if (indexed) extend_index(index, name, tensors);
    progress.advance(1);
  }
  if (indexed) write_file(folder / safetensors_index, to_text(index, 2) + "\n");

  copy_others(source, folder);
  write_origin(folder, plan, tensor_folder.names_changed());
  write_config(source, folder, tensor_folder.folding());
  return tensor_folder.names_changed();
}

}  // namespace austeer
