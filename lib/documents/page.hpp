#pragma once
// A web page in one file: no scripts, nothing loaded from elsewhere, readable on a telephone, on
// paper and on a dark screen. Every text is escaped.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "documents/table.hpp"

namespace austeer {

/// A name and what it stands for, such as an option and its value.
using Definition = std::pair<std::string, std::string>;

/// Blocks in the order in which they are added; each function returns the page.
class Page {
 public:
  /// `title` is the window's and the first heading.
  explicit Page(std::string title);

  /// A heading below the title's: level 2 or 3. Throws UsageError for another level.
  Page& heading(std::string_view text, int level = 2);
  Page& paragraph(std::string_view text);
  /// A paragraph that stands out.
  Page& warning(std::string_view text);
  /// Scrolls sideways in a box of its own where it is wider than the page. Throws UsageError as
  /// to_html() does.
  Page& table(const Table& table);
  /// `svg` is the content of an SVG file; it becomes an image inside the page, which runs no script
  /// and loads nothing. `alt` says in words what is to be seen. Throws UsageError unless `svg` has
  /// an svg element.
  Page& figure(std::string_view svg, std::string_view caption, std::string_view alt);
  Page& definitions(const std::vector<Definition>& definitions);
  /// Text as it stands, in a fixed-width font.
  Page& preformatted(std::string_view text);

  /// The whole document.
  std::string html() const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace austeer
