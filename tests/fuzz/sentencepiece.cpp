// Any bytes as a tokenizer.model: they are refused with a FormatError, or they make a tokenizer
// that encodes and decodes without harm.

#include "text/sentencepiece.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view text =
      "It's 12,345 \xC3\xA9t\xC3\xA9s \xF0\x9F\xA4\xB7 \xFF\n  \xE2\x96\x81 a</s>b";
  try {
    const auto tokenizer = austeer::make_sentencepiece_tokenizer(
        std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
    const auto ids = tokenizer->encode(text);
    for (const austeer::TokenId id : ids) {
      if (id < 0 || id >= tokenizer->size()) __builtin_trap();
    }
    tokenizer->decode(ids);
  } catch (const austeer::FormatError&) {
  } catch (const austeer::ComputeError&) {  // the library refuses a text
  }
  return 0;
}
