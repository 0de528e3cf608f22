#pragma once
// GGUF files of chosen metadata and few tensors, for tests of what the metadata means.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "tensors/gguf_bytes.hpp"
#include "testing.hpp"

namespace austeer::testing::gguf {

// Value types, as numbered in the file.
constexpr std::uint32_t u32 = 4, i32 = 5, f32 = 6, boolean = 7, text_type = 8, array = 9, u64 = 10,
                        i64 = 11;

/// Writes one value: its type, then the value itself.
using Value = std::function<void(GgufBytes&)>;

template <typename T>
Value scalar(std::uint32_t type, T value) {
  return [=](GgufBytes& bytes) { bytes.number(type).number(value); };
}

inline Value text(const std::string& value) {
  return [=](GgufBytes& bytes) { bytes.number(text_type).text(value); };
}

inline Value texts(const std::vector<std::string>& values) {
  return [=](GgufBytes& bytes) {
    bytes.number(array).number(text_type).number(std::uint64_t{values.size()});
    for (const std::string& value : values) bytes.text(value);
  };
}

template <typename T>
Value numbers(std::uint32_t type, const std::vector<T>& values) {
  return [=](GgufBytes& bytes) {
    bytes.number(array).number(type).number(std::uint64_t{values.size()});
    for (const T value : values) bytes.number(value);
  };
}

inline Value whole(std::int64_t value) { return scalar(i64, value); }
inline Value flag(bool value) { return scalar(boolean, static_cast<std::uint8_t>(value)); }

using Metadata = std::map<std::string, Value>;

/// A tensor of a file: its dimensions in the file's order.
using Tensors = std::map<std::string, std::vector<std::uint64_t>>;

/// Writes `metadata` and float32 tensors of small positive numbers to folder/m.gguf.
inline std::filesystem::path write_gguf(const TemporaryFolder& folder, const Metadata& metadata,
                                        const Tensors& tensors) {
  GgufBytes bytes = GgufBytes::header(tensors.size(), metadata.size());
  for (const auto& [key, value] : metadata) value(bytes.text(key));
  std::uint64_t end = 0;
  for (const auto& [name, dimensions] : tensors) {
    bytes.tensor(name, dimensions, 0, end);
    std::uint64_t size = sizeof(float);
    for (const std::uint64_t dimension : dimensions) size *= dimension;
    end += (size + 31) / 32 * 32;
  }
  bytes.data(end, 32, 0);
  write_file(folder / "m.gguf", bytes.str());
  return folder / "m.gguf";
}

/// <unk> 0, <s> 1, </s> 2, ▁ 3, a 4, b 5, ▁a 6, ab 7.
inline Metadata sentencepiece() {
  return {{"tokenizer.ggml.model", text("llama")},
          {"tokenizer.ggml.tokens",
           texts({"<unk>", "<s>", "</s>", "\u2581", "a", "b", "\u2581a", "ab"})},
          {"tokenizer.ggml.scores", numbers<float>(f32, {0, 0, 0, -3, -4, -5, -1, -2})},
          {"tokenizer.ggml.token_type", numbers<std::int32_t>(i32, {2, 3, 3, 1, 1, 1, 1, 1})},
          {"tokenizer.ggml.bos_token_id", scalar(u32, std::uint32_t{1})},
          {"tokenizer.ggml.eos_token_id", scalar(u32, std::uint32_t{2})},
          {"tokenizer.ggml.unknown_token_id", scalar(u32, std::uint32_t{0})}};
}

/// Metadata of a decoder beside `tokenizer`.
inline Metadata model(Metadata tokenizer, const std::string& architecture = "llama") {
  tokenizer["general.architecture"] = text(architecture);
  for (const auto& [key, value] : std::map<std::string, std::int64_t>{{"block_count", 1},
                                                                      {"embedding_length", 8},
                                                                      {"attention.head_count", 2},
                                                                      {"feed_forward_length", 12},
                                                                      {"context_length", 64}}) {
    tokenizer[architecture + "." + key] = whole(value);
  }
  tokenizer[architecture + ".attention.layer_norm_rms_epsilon"] = scalar(f32, 1e-5F);
  return tokenizer;
}

}  // namespace austeer::testing::gguf
