#pragma once
// COPA in its official XML, as records with the field names of the JSONL form of the same data.

#include <filesystem>
#include <string_view>
#include <vector>

#include "tasks/dataset.hpp"

namespace austeer {

/// The records of `text`, which was read from `file`:
/// `<item id asks-for most-plausible-alternative><p/><a1/><a2/></item>` below the root becomes
/// idx, question, label ("0" or "1"), premise, choice1, choice2. Texts lose the white space at
/// their ends; an item without most-plausible-alternative has no label. Throws FormatError, naming
/// the line, for broken XML, unknown elements, missing parts, and any entity that the document
/// declares or leaves to a DTD (none is ever loaded), so that no text can expand.
std::vector<Record> read_copa_xml(std::string_view text, const std::filesystem::path& file);

}  // namespace austeer
