// The figures of a study on disk.
#include <array>
#include <fmt/format.h>
#include <set>
#include <spdlog/spdlog.h>

#include "base/files.hpp"
#include "base/names.hpp"
#include "studies/plots.hpp"

namespace austeer {
namespace {

constexpr std::array figure_endings = {".svg", ".png", ".tsv", ".gnuplot"};

/// The names of figures that an earlier call drew. Throws FormatError for a broken list.
std::set<std::string> drawn_before(const std::filesystem::path& list) {
  std::set<std::string> names;
  if (!std::filesystem::exists(list)) return names;
  const Json document = read_json(list);
  if (!document.is_array()) {
    throw FormatError(
        {list.string(), "a list of figures", to_text(document).substr(0, 80), "Remove the file"});
  }
  for (const Json& entry : document) {
    names.insert(Fields(entry, list.string()).required<std::string>("name"));
  }
  return names;
}

/// Removes the files of figures that are not among `figures`.
void remove_others(const std::filesystem::path& folder, std::set<std::string> names,
                   const std::vector<PlottedFigure>& figures) {
  for (const PlottedFigure& figure : figures) names.erase(figure.name);
  for (const std::string& name : names) {
    if (!is_plain_name(name)) continue;
    for (const char* ending : figure_endings) {
      std::error_code missing;
      std::filesystem::remove(folder / (name + ending), missing);
    }
  }
}

}  // namespace

std::vector<std::filesystem::path> write_figures(const Study& study, const StudyFolder& folder) {
  const std::vector<PlottedFigure> figures =
      make_figures(study, folder, read_results(study, folder));
  const std::filesystem::path place = folder.root() / "figures";
  const std::filesystem::path list = place / "figures.json";
  if (study.figures.empty()) spdlog::warn("{} asks for no figures", study.file.string());
  make_folder(place);
  remove_others(place, drawn_before(list), figures);
  std::vector<std::filesystem::path> written;
  Json captions = Json::array();
  for (const PlottedFigure& figure : figures) {
    draw(figure.figure, place / figure.name);
    for (const char* ending : figure_endings) written.push_back(place / (figure.name + ending));
    captions.push_back({{"name", figure.name}, {"caption", figure.caption}, {"alt", figure.alt}});
  }
  write_file(list, to_text(captions, 2) + "\n");
  written.push_back(list);
  return written;
}

}  // namespace austeer
