#include "documents/html_text.hpp"

#include "base/utf8.hpp"

namespace austeer {

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char letter : repair_utf8(text)) {
    const auto byte = static_cast<unsigned char>(letter);
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        if ((byte < 0x20 && letter != '\t' && letter != '\n' && letter != '\r') || byte == 0x7F) {
          escaped += "\uFFFD";
        } else {
          escaped += letter;
        }
    }
  }
  return escaped;
}

}  // namespace austeer
