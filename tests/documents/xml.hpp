#pragma once
// Whether a text is well-formed XML, and the words in it.

#include <expat.h>
#include <gtest/gtest.h>
#include <string>

namespace austeer::testing {

/// The character data of `xml`, each piece between tags on a line of its own. Fails the test when
/// it is not well-formed.
inline std::string xml_text(const std::string& xml) {
  std::string text;
  XML_Parser parser = XML_ParserCreate("UTF-8");
  XML_SetUserData(parser, &text);
  XML_SetCharacterDataHandler(parser, [](void* data, const char* piece, int size) {
    static_cast<std::string*>(data)->append(piece, static_cast<std::size_t>(size));
  });
  XML_SetElementHandler(
      parser,
      [](void* data, const char*, const char**) { *static_cast<std::string*>(data) += "\n"; },
      [](void* data, const char*) { *static_cast<std::string*>(data) += "\n"; });
  if (XML_Parse(parser, xml.data(), static_cast<int>(xml.size()), 1) != XML_STATUS_OK) {
    ADD_FAILURE() << "line " << XML_GetCurrentLineNumber(parser) << ": "
                  << XML_ErrorString(XML_GetErrorCode(parser));
  }
  XML_ParserFree(parser);
  return text;
}

}  // namespace austeer::testing
