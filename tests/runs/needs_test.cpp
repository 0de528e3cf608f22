// What a run says it needs, and the disk that is too small for it.
#include <gtest/gtest.h>

#include "runs/options.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

TEST(Needs, APassOfLlama2) {
  DecoderConfig config;
  config.layers = 32;
  config.width = 4096;
  config.heads = config.kv_heads = 32;
  config.head_dim = 128;
  config.ffn_width = 11008;
  // Per token and in float16: 4 × 4096 and 2 × 11008 numbers, 2 × 4096 in float32; twice.
  EXPECT_EQ(pass_bytes(config, at::kHalf, 10, 0), 10 * 2 * ((16384 + 22016) * 2 + 8192 * 4));
  // Keys and values: half a megabyte a token.
  EXPECT_EQ(pass_bytes(config, at::kHalf, 10, 10) - pass_bytes(config, at::kHalf, 10, 0),
            10 * 524288);
}

TEST(Needs, TheDiskMustHoldTheCache) {
  const testing::TemporaryFolder folder;
  check_free_disk(folder / "not/yet/there", 1);
  testing::expect_refusal<FileError>(
      [&] { check_free_disk(folder / "cache", std::int64_t{1} << 60); },
      "the disk is too small; expected 1048576.0 TiB free");
}

}  // namespace
}  // namespace austeer
