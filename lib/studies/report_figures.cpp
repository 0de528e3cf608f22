#include <filesystem>
#include <fmt/format.h>
#include <map>

#include "base/files.hpp"
#include "studies/report.hpp"

namespace austeer {
namespace {

constexpr std::uint64_t max_svg_bytes = std::uint64_t{32} << 20;

/// What figures.json says of each figure, by its name.
std::map<std::string, ReportFigure> read_captions(const std::filesystem::path& file) {
  std::map<std::string, ReportFigure> captions;
  if (!std::filesystem::exists(file)) return captions;
  const Json document = read_json(file);
  if (!document.is_array()) {
    throw FormatError({file.string(), "a list of figures", to_text(document).substr(0, 80), ""});
  }
  for (const Json& entry : document) {
    Fields fields(entry, fmt::format("{}: figure {}", file.string(), captions.size() + 1));
    ReportFigure figure;
    figure.name = fields.required<std::string>("name");
    figure.caption = fields.optional<std::string>("caption", "");
    figure.alt = fields.optional<std::string>("alt", "");
    fields.refuse_unknown();
    captions[figure.name] = std::move(figure);
  }
  return captions;
}

}  // namespace

std::vector<ReportFigure> report_figures(const StudyFolder& folder) {
  const std::filesystem::path place = folder.root() / "figures";
  std::vector<ReportFigure> figures;
  if (!std::filesystem::is_directory(place)) return figures;
  std::map<std::string, ReportFigure> captions = read_captions(place / "figures.json");
  for (const std::string& file : list_folder(place)) {
    const std::filesystem::path path = place / file;
    if (path.extension() != ".svg") continue;
    ReportFigure figure = captions[path.stem().string()];
    figure.name = path.stem().string();
    figure.svg = read_file(path, max_svg_bytes);
    if (figure.svg.find("<svg") == std::string::npos) {
      throw FormatError({path.string(), "an svg element", "none", "Draw it anew"});
    }
    if (figure.caption.empty()) figure.caption = figure.name;
    if (figure.alt.empty()) figure.alt = figure.caption;
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace austeer
