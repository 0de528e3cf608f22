// Any bytes as a tokenizer.json: they are refused with a FormatError, or they make a tokenizer that
// encodes and decodes without harm.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "text/tokenizer_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view text =
      "It's 12,345 \xC3\xA9t\xC3\xA9s \xF0\x9F\xA4\xB7 \xFF\n\n  \xE2\x96\x81 a<s>b</s>b "
      "<|im_start|>\t\xE6\xBC\xA2";
  try {
    const auto document = austeer::parse_tokenizer_json(
        std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
    const auto tokenizer = austeer::make_tokenizer(document);
    const auto ids = tokenizer->encode(text);
    for (const austeer::TokenId id : ids) {
      if (id < 0 || id >= tokenizer->size()) __builtin_trap();
    }
    tokenizer->decode(ids);
  } catch (const austeer::FormatError&) {
  }
  return 0;
}
