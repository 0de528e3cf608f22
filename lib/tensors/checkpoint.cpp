// Safetensors weights of a Hugging Face folder: one file, or shards under one index.
#include "tensors/checkpoint.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <spdlog/spdlog.h>
#include <system_error>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/names.hpp"
#include "tensors/header_checks.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

namespace fs = std::filesystem;
using Shard = std::shared_ptr<const SafetensorsFile>;

constexpr std::uintmax_t max_index_bytes = 100'000'000;

/// False also where the folder may not be looked into; opening the file then says why.
bool present(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error);
}

class SafetensorsCheckpoint final : public Checkpoint {
 public:
  /// `lost`: tensors that the index promises and that are not there, with their shards.
  SafetensorsCheckpoint(fs::path path, std::map<std::string, Shard> tensors,
                        std::vector<Shard> shards, std::map<std::string, fs::path> lost = {})
      : path_(std::move(path)),
        tensors_(std::move(tensors)),
        shards_(std::move(shards)),
        lost_(std::move(lost)) {}

  bool has(const std::string& name) const override {
    return tensors_.contains(name) || lost_.contains(name);
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, shard] : tensors_) result.push_back(name);
    return result;
  }

  std::vector<std::int64_t> shape(const std::string& name) const override {
    return shard_of(name).header().tensors.at(name).shape;
  }

  at::Tensor load(const std::string& name, at::ScalarType dtype) const override {
    const SafetensorsFile& shard = shard_of(name);
    check_plain(shard, name);
    return shard.tensor(name).to(dtype);
  }

  at::Tensor stored(const std::string& name) const override { return shard_of(name).tensor(name); }

  std::string fingerprint() const override {
    Sha256 hash;
    for (const Shard& shard : shards_) shard->add_fingerprint(hash);
    return hash.hex();
  }

  fs::path path() const override { return path_; }

 private:
  const SafetensorsFile& shard_of(const std::string& name) const {
    if (const auto lost = lost_.find(name); lost != lost_.end()) refuse_lost(name, lost->second);
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      throw FormatError("safetensors",
                        fmt::format("{}: there is no tensor '{}'", path_.string(), name),
                        suggestion(name, names()));
    }
    return *found->second;
  }

  /// Integers and 8-bit floats are numbers of a model only with scales that stand elsewhere.
  void check_plain(const SafetensorsFile& shard, const std::string& name) const {
    const at::ScalarType dtype = shard.header().tensors.at(name).dtype;
    if (at::isFloatingType(dtype) && c10::elementSize(dtype) > 1) return;
    throw FormatError(
        {fmt::format("[safetensors] {}: the tensor '{}' is quantised", shard.path().string(), name),
         "plain floating-point numbers", std::string(c10::toString(dtype)),
         "Use a checkpoint that is not quantised, bitsandbytes' NF4, or a GGUF file"});
  }

  [[noreturn]] void refuse_lost(const std::string& name, const fs::path& shard) const {
    const std::string index = (path_ / safetensors_index).string();
    if (present(shard)) {
      throw FormatError("safetensors", fmt::format("{}: there is no tensor '{}', which {} promises",
                                                   shard.string(), name, index));
    }
    throw FileError("safetensors",
                    fmt::format("the shard {} is missing, which has the tensor '{}'; {} names it",
                                shard.string(), name, index),
                    "Was the download complete?");
  }

  fs::path path_;
  std::map<std::string, Shard> tensors_;
  std::vector<Shard> shards_;
  std::map<std::string, fs::path> lost_;
};

std::unique_ptr<Checkpoint> open_single(const fs::path& file) {
  const auto shard = std::make_shared<const SafetensorsFile>(file);
  std::map<std::string, Shard> tensors;
  for (const auto& [name, entry] : shard->header().tensors) tensors.emplace(name, shard);
  return std::make_unique<SafetensorsCheckpoint>(file, std::move(tensors), std::vector{shard});
}

/// Tensor name -> shard file name, as the index promises.
std::map<std::string, std::string> read_weight_map(const fs::path& index) {
  std::error_code error;
  if (const auto size = fs::file_size(index, error); !error && size > max_index_bytes) {
    throw FormatError({fmt::format("[safetensors] {}: the index is too large", index.string()),
                       fmt::format("at most {} bytes", max_index_bytes), std::to_string(size), ""});
  }
  const std::string text = read_file(index);
  const SortedJson json = parse_unique_keys(text, index.string());
  const auto weight_map = json.find("weight_map");
  if (weight_map == json.end()) {
    throw FormatError({index.string() + ": the key 'weight_map' is missing", "", "", ""});
  }
  const std::string place = index.string() + ": weight_map";
  require_object(*weight_map, place);
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : weight_map->items()) {
    const std::string shard = text_at(name, value, place);
    if (shard.empty() || shard == ".." || fs::path(shard).filename() != shard) {
      throw FormatError({fmt::format("[safetensors] {}: the shard of '{}'", index.string(), name),
                         "a file name in the same folder", shard, ""});
    }
    result.emplace(name, shard);
  }
  if (result.empty()) {
    throw FormatError("safetensors", fmt::format("{}: weight_map is empty", index.string()));
  }
  return result;
}

/// Says once what the index promises in vain.
void warn_of_lost(const fs::path& index, const std::map<std::string, fs::path>& lost) {
  if (lost.empty()) return;
  std::set<std::string> shards;
  for (const auto& [name, shard] : lost) {
    if (!present(shard)) shards.insert(shard.filename());
  }
  const std::string where =
      shards.empty() ? "not in their shards" : fmt::format("missing: {}", fmt::join(shards, ", "));
  spdlog::warn(
      "{} names {} tensors that are not there, '{}' first ({}); the model is read without "
      "them, if it needs none",
      index.string(), lost.size(), lost.begin()->first, where);
}

std::unique_ptr<Checkpoint> open_sharded(const fs::path& folder, const fs::path& index) {
  std::map<std::string, Shard> shards;
  std::map<std::string, Shard> tensors;
  std::map<std::string, fs::path> lost;
  for (const auto& [name, file] : read_weight_map(index)) {
    const fs::path path = folder / file;
    auto shard = shards.find(file);
    if (shard == shards.end() && present(path)) {
      shard = shards.emplace(file, std::make_shared<const SafetensorsFile>(path)).first;
    }
    if (shard != shards.end() && shard->second->has(name)) {
      tensors.emplace(name, shard->second);
    } else {
      lost.emplace(name, path);
    }
  }
  warn_of_lost(index, lost);
  std::vector<Shard> ordered;
  for (const auto& [file, shard] : shards) ordered.push_back(shard);
  return std::make_unique<SafetensorsCheckpoint>(folder, std::move(tensors), std::move(ordered),
                                                 std::move(lost));
}

fs::path only_safetensors(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".safetensors") found.push_back(entry.path().filename());
  }
  if (found.size() == 1) return folder / found.front();
  std::sort(found.begin(), found.end());
  throw FileError(
      {fmt::format("[safetensors] {}: no weights to open", folder.string()),
       fmt::format("model.safetensors, {} or a single *.safetensors", safetensors_index),
       error           ? error.message()
       : found.empty() ? "none of them"
                       : fmt::format("{}", fmt::join(found, ", ")),
       ""});
}

}  // namespace

at::Tensor Checkpoint::stored(const std::string& name) const {
  throw FormatError("checkpoint", fmt::format("{}: the tensor '{}' cannot be taken as it is stored",
                                              path().string(), name));
}

std::vector<fs::path> safetensors_shards(const fs::path& folder) {
  if (const fs::path single = folder / "model.safetensors"; present(single)) return {single};
  const fs::path index = folder / safetensors_index;
  if (!present(index)) return {only_safetensors(folder)};
  std::set<fs::path> shards;
  for (const auto& [name, shard] : read_weight_map(index)) shards.insert(folder / shard);
  return {shards.begin(), shards.end()};
}

std::unique_ptr<Checkpoint> open_safetensors_checkpoint(const fs::path& folder) {
  if (const fs::path single = folder / "model.safetensors"; present(single)) {
    return open_single(single);
  }
  if (const fs::path index = folder / safetensors_index; present(index)) {
    return open_sharded(folder, index);
  }
  return open_single(only_safetensors(folder));
}

}  // namespace austeer
