#pragma once
// A table as a reader sees it: columns under headers, rows of texts in named sections, notes. It
// knows nothing of what it shows; numbers come as the texts that they are shown by.

#include <optional>
#include <string>
#include <vector>

namespace austeer {

enum class Align { left, right };

struct Column {
  std::string header;
  Align align = Align::right;
  std::string group;  ///< a header above this column and its neighbours of the same group; "": none
};

struct Cell {
  std::optional<std::string> text;  ///< absent: drawn as "—", an empty field in CSV
  bool bold = false;                ///< the best of its column or section; not in CSV

  Cell() = default;
  Cell(std::optional<std::string> text, bool bold = false) : text(std::move(text)), bold(bold) {}
  Cell(std::string text, bool bold = false) : text(std::move(text)), bold(bold) {}
  Cell(const char* text, bool bold = false) : text(text), bold(bold) {}
};

/// Rows under a line with a name, such as the model that they belong to.
struct Section {
  std::string name;  ///< "": no such line
  std::vector<std::vector<Cell>> rows;
};

/// The first column names the row: HTML marks its cells as headers.
struct Table {
  std::string title;               ///< "": none
  std::vector<std::string> notes;  ///< sentences that stand under the table
  std::vector<Column> columns;
  std::string section_header = "section";  ///< what sections are: their column's name in CSV
  std::vector<Section> sections;

  /// Opens a section; later rows go there. Returns this table.
  Table& add_section(std::string name);
  /// Appends a row to the last section, or to a first one without a name. Throws UsageError unless
  /// there is a cell for each column. Returns this table.
  Table& add_row(std::vector<Cell> cells);

  bool has_groups() const;
  bool has_named_sections() const;
};

/// Columns aligned by spaces, as a terminal shows them; what is best is not marked. This and the
/// next four throw UsageError for a table without columns, or with a row that has not one cell for
/// each.
std::string to_plain_text(const Table& table);

/// GitHub's Markdown. It has one header line: a column's group stands before its header.
std::string to_markdown(const Table& table);

/// A `table` environment for the package booktabs. Every character that LaTeX would read as a
/// command is escaped; what pdfLaTeX has no letter for becomes a command or, at last, "[U+4E2D]".
std::string to_latex(const Table& table);

/// RFC 4180 (CR LF): a header line and the rows; named sections are the first column. Title and
/// notes are left out, and a minus sign (U+2212) becomes "-", so that numbers can be read back.
std::string to_csv(const Table& table);

/// A `table` element: caption, headers with their scope, sections as row groups, notes as its foot.
std::string to_html(const Table& table);

}  // namespace austeer
