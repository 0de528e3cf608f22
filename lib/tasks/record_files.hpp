#pragma once
// Files of records: CSV by RFC 4180, and COPA in its official XML.

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "tasks/dataset.hpp"
#include "tasks/record.hpp"

namespace austeer {

// CSV datasets by RFC 4180, with any separator: double quotes, a header line with the fields'
// names.

/// The records of `text`, which was read from `file`. Without `separator` it is the one of comma,
/// semicolon and tab that the header line has most often outside quotes, and of equals the first;
/// what is found is logged where it is no comma, and warned of where there are several. Lines end
/// with LF or CR LF; quoted fields may hold separators, quotes (doubled) and line breaks; a quote
/// inside a bare field stands for itself; blank lines are skipped where there is more than one
/// column. Text behind a closing quote is kept as Python's csv module keeps it, with a warning. A
/// record's place is the line on which it starts. Throws FormatError for a quote that stays open,
/// naming the line on which it does, rows of another length than the header, a column name that
/// stands twice, and a carriage return alone.
std::vector<Record> read_csv(std::string_view text, const std::filesystem::path& file,
                             std::optional<char> separator = {});

// COPA in its official XML, as records with the field names of the JSONL form of the same data.

/// The records of `text`, which was read from `file`:
/// `<item id asks-for most-plausible-alternative><p/><a1/><a2/></item>` below the root becomes
/// idx, question, label ("0" or "1"), premise, choice1, choice2. Texts lose the white space at
/// their ends; an item without most-plausible-alternative has no label. Throws FormatError, naming
/// the line, for broken XML, unknown elements, missing parts, and any entity that the document
/// declares or leaves to a DTD (none is ever loaded), so that no text can expand.
std::vector<Record> read_copa_xml(std::string_view text, const std::filesystem::path& file);

}  // namespace austeer
