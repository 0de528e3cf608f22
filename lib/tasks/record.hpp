#pragma once
// A record: one item of a data set, whatever the file's format, and the paths that name what is in
// it: "question", "prompt.text", "choices[0]", "choices.text[-1]", "choices[answer]".

#include <string>

#include "base/json.hpp"

namespace austeer {

struct Record {
  std::string place;             ///< "dev.jsonl:12" (the line), or "test.json: item 3"
  Json fields = Json::object();  ///< values keep their kind; those of CSV and XML are texts

  /// The value at `path`, or nullptr where the record has none, or null. A dot names a field of an
  /// object; brackets an element of a list, counted from 0, or from the end where negative, or by
  /// the whole number that another field has; of an object, the value under the key that another
  /// field has. A field that is called like the whole path comes first. Throws FormatError, naming
  /// path and place, for brackets that are not closed, that stand behind what is neither a list nor
  /// an object, or that lead beyond a list's end.
  const Json* find(const std::string& path) const;
};

}  // namespace austeer
