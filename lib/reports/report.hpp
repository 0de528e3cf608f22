#pragma once
// The report of a study: one self-contained page with its question, what came out, the table,
// figures, warnings, configuration and provenance.

#include <filesystem>
#include <string>
#include <vector>

#include "reports/results.hpp"
#include "studies/folder.hpp"
#include "studies/study.hpp"

namespace austeer {

struct ReportFigure {
  std::string name;  ///< of its file
  std::string svg;   ///< content of an SVG file
  std::string caption;
  std::string alt;  ///< what is to be seen, in words
};

/// The figures in FOLDER/figures/, NAME.svg in the order of names. figures.json there may list
/// captions: [{"name": ..., "caption": ..., "alt": ...}]; without one a figure's name is its
/// caption. Throws FileError; FormatError for a broken list, and for a file without an svg element.
std::vector<ReportFigure> report_figures(const StudyFolder& folder);

/// The page, as HTML. Reads the configurations of the results' cells from `folder`. Throws
/// FormatError for broken ones, and what make_table() throws.
std::string make_report(const Study& study, const StudyFolder& folder,
                        const std::vector<EntryResults>& results,
                        const std::vector<ReportFigure>& figures);

/// Reads results and figures from `folder`, and writes the page. Throws FileError, and what the
/// reading and make_report() throw.
void write_report(const Study& study, const StudyFolder& folder, const std::filesystem::path& file);

}  // namespace austeer
