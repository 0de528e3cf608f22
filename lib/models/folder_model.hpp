#pragma once
// A Hugging Face folder as a model: its config.json read as configuration, its safetensors offered
// under the names that a decoder asks for, whatever larger model it is a part of.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/config.hpp"
#include "models/text_part.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {

class FolderModel : public Checkpoint {
 public:
  /// Reads config.json and opens the weights. Throws FileError, FormatError (a family or a
  /// quantisation that is not supported included).
  explicit FolderModel(const std::filesystem::path& folder);

  /// As config.json says, but for what the weights show: the dtype that they are stored in, and an
  /// unembedding that is in the checkpoint although the config ties it to the embedding. Where its
  /// values are the embedding's it stays tied; where they are not, it is used, with a warning, as
  /// transformers 5 does: such files come from training that the config was not told of.
  const DecoderConfig& config() const { return config_; }
  const TensorNames& tensor_names() const { return names_; }

  bool has(const std::string& name) const override { return files_->has(names_.stored(name)); }
  /// The decoder's alone; what a larger model has beside it is left out.
  std::vector<std::string> names() const override;
  std::vector<std::int64_t> shape(const std::string& name) const override {
    return files_->shape(names_.stored(name));
  }
  at::Tensor load(const std::string& name, at::ScalarType dtype) const override {
    return files_->load(names_.stored(name), dtype);
  }
  at::Tensor stored(const std::string& name) const override {
    return files_->stored(names_.stored(name));
  }
  std::string fingerprint() const override { return files_->fingerprint(); }
  std::filesystem::path path() const override { return files_->path(); }

 private:
  void read_what_weights_show();

  DecoderConfig config_;
  std::unique_ptr<Checkpoint> files_;
  TensorNames names_;
};

}  // namespace austeer
