#include "runs/needs.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/memory.hpp"

namespace austeer {

std::int64_t pass_bytes(const DecoderConfig& config, at::ScalarType dtype, std::int64_t tokens,
                        std::int64_t held) {
  const auto size = static_cast<std::int64_t>(at::elementSize(dtype));
  const std::int64_t ffn = std::max(
      config.ffn_width, config.experts ? config.experts->per_token * config.experts->ffn_width : 0);
  // The residual stream, its norm (in float32 first) and the widest block's input and output.
  const std::int64_t per_token =
      (4 * config.width + 2 * std::max(ffn, 2 * config.attention_width())) * size +
      2 * config.width * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t keys = 2 * config.layers * config.kv_heads * config.head_dim * size;
  return tokens * 2 * per_token + held * keys;
}

void check_free_disk(const std::filesystem::path& folder, std::int64_t bytes) {
  std::filesystem::path there = std::filesystem::absolute(folder);
  std::error_code error;
  while (!std::filesystem::exists(there, error) && there != there.parent_path()) {
    there = there.parent_path();
  }
  const std::filesystem::space_info space = std::filesystem::space(there, error);
  if (error) return;  // what cannot be measured shows when it is written
  if (bytes <= 0 || space.available >= static_cast<std::uintmax_t>(bytes)) return;
  throw FileError(ErrorParts{fmt::format("[cache] {}: the disk is too small", folder.string()),
                             fmt::format("{} free", human_bytes(bytes)),
                             human_bytes(static_cast<std::int64_t>(space.available)),
                             "Fewer --pairs or --sites, or another --out"});
}

}  // namespace austeer
