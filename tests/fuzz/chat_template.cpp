// Any bytes as a chat template, rendered for a conversation: a text, or a FormatError.

#include "text/chat_template.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<austeer::ChatMessage> messages = {
      {"system", " Be brief.\n"},
      {"user", "Wie geht's, Zoë? <b>日本🙂</b>"},
      {"assistant", "<think>x</think>y"}};
  static const austeer::ChatRendering how{
      true,
      {{"tools", {{{"name", "f"}, {"parameters", {{"a", 1.5}, {"b", nullptr}}}}}}, {"yes", true}}};
  try {
    const austeer::ChatTemplate chat(std::string(reinterpret_cast<const char*>(data), size), "fuzz",
                                     {{"bos_token", "<s>"}, {"eos_token", "</s>"}});
    const std::string text = chat.render(messages, how);
    if (austeer::valid_utf8_prefix(text) != text.size()) __builtin_trap();
  } catch (const austeer::FormatError&) {
  }
  return 0;
}
