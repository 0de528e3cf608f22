#pragma once
// A GGUF file as a model: its metadata read as configuration and tokenizer, its tensors offered
// under the names and in the row order of Hugging Face checkpoints.

#include <ATen/ATen.h>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/config.hpp"
#include "tensors/checkpoint.hpp"
#include "tensors/gguf.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

class GgufModel : public Checkpoint {
 public:
  /// Maps and checks `file`. Throws FileError, FormatError (an architecture that is not supported
  /// included).
  explicit GgufModel(const std::filesystem::path& file);

  const DecoderConfig& config() const { return config_; }

  /// The tokenizer of the metadata. Throws FormatError for a kind that is not supported, a
  /// malformed vocabulary, and one with more tokens than the embedding has rows.
  std::unique_ptr<Tokenizer> tokenizer() const;

  bool has(const std::string& name) const override;
  std::vector<std::string> names() const override;
  std::vector<std::int64_t> shape(const std::string& name) const override;
  /// Query and key rows, which GGUF stores for interleaved RoPE, come back in half-split order.
  /// Vectors are copies always: they are float32 in files of any kind, and as views they would keep
  /// the whole mapping after the matrices have been dequantised.
  at::Tensor load(const std::string& name, at::ScalarType dtype) const override;
  std::string fingerprint() const override { return file_.fingerprint(); }
  std::filesystem::path path() const override { return file_.path(); }

 private:
  GgufFile file_;
  DecoderConfig config_;
};

}  // namespace austeer
