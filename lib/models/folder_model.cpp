#include "models/folder_model.hpp"

#include <algorithm>
#include <cstring>
#include <spdlog/spdlog.h>

#include "models/dtype.hpp"

namespace austeer {
namespace {

constexpr const char* embedding_name = "model.embed_tokens.weight";
constexpr const char* head_name = "lm_head.weight";

/// Whether both have the same shape, dtype and bytes.
bool same_bytes(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
  return a.nbytes() == 0 || std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

}  // namespace

FolderModel::FolderModel(const std::filesystem::path& folder)
    : config_(read_config(folder)), files_(open_safetensors_checkpoint(folder)), names_(*files_) {
  read_what_weights_show();
  const std::size_t others = files_->names().size() - names().size();
  if (others > 0 && names_.stored(embedding_name) != embedding_name) {
    spdlog::info("{}: the text part is read; {} tensors beside it (of pictures) are not",
                 folder.filename().string(), others);
  }
}

std::vector<std::string> FolderModel::names() const {
  std::vector<std::string> result;
  for (const std::string& name : files_->names()) {
    if (auto own = names_.of_decoder(name)) result.push_back(*std::move(own));
  }
  return result;
}

void FolderModel::read_what_weights_show() {
  const at::Tensor embedding = stored(embedding_name);
  // What the config says of it may be missing, or be that of the weights before a conversion.
  config_.stored_dtype = dtype_name(embedding.scalar_type());
  // An index may promise a head that a tied model's shards do not have: names() has what is there.
  const std::vector<std::string> there = names();
  const bool head = std::ranges::find(there, head_name) != there.end();
  if (!config_.tied_embeddings || !head) return;
  if (same_bytes(embedding, stored(head_name))) return;
  config_.tied_embeddings = false;
  spdlog::warn(
      "{}: config.json ties the unembedding to the embedding, but the checkpoint has a "
      "{} of its own, of other values or another type: it is used",
      path().string(), names_.stored(head_name));
}

}  // namespace austeer
