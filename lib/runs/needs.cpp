#include "runs/needs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "base/error.hpp"
#include "base/memory.hpp"

namespace austeer {

std::int64_t pass_bytes(const Decoder& decoder, std::int64_t tokens, bool keeps_keys) {
  const DecoderConfig& config = decoder.config();
  const auto size = static_cast<std::int64_t>(at::elementSize(decoder.dtype()));
  const std::int64_t ffn = std::max(
      config.ffn_width, config.experts ? config.experts->per_token * config.experts->ffn_width : 0);
  // The residual stream, its norm and the widest block's input and output, norms in float32.
  const std::int64_t per_token =
      (4 * config.width + 2 * std::max(ffn, 2 * config.attention_width())) * size +
      2 * config.width * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t keys =
      keeps_keys ? 2 * config.layers * config.kv_heads * config.head_dim * size : 0;
  return tokens * (2 * per_token + keys);
}

std::string memory_needs(const Model& model, std::int64_t tokens, bool keeps_keys) {
  return fmt::format("{} of weights in {}, about {} for a pass of {} tokens",
                     human_bytes(model.weight_bytes), dtype_name(model.decoder->dtype()),
                     human_bytes(pass_bytes(*model.decoder, tokens, keeps_keys)), tokens);
}

void check_free_disk(const std::filesystem::path& folder, std::int64_t bytes) {
  std::filesystem::path there = std::filesystem::absolute(folder);
  std::error_code error;
  while (!std::filesystem::exists(there, error) && there.has_parent_path() &&
         there != there.parent_path()) {
    there = there.parent_path();
  }
  const std::filesystem::space_info space = std::filesystem::space(there, error);
  if (error) return;  // what cannot be measured shows when it is written
  const auto free = static_cast<std::int64_t>(
      std::min<std::uintmax_t>(space.available, std::numeric_limits<std::int64_t>::max()));
  if (free >= bytes) return;
  throw FileError(ErrorParts{fmt::format("[cache] {}: the disk is too small", folder.string()),
                             fmt::format("{} free", human_bytes(bytes)), human_bytes(free),
                             "Fewer --pairs or --sites, or another --out"});
}

}  // namespace austeer
