// Figures drawn by the program gnuplot.
#include <fmt/format.h>
#include <system_error>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "documents/figure.hpp"

namespace austeer {
namespace {

/// A folder next to the pictures, from which they are moved when they are whole; removed at the
/// end.
class DrawingFolder {
 public:
  explicit DrawingFolder(const std::filesystem::path& stem) {
    std::string pattern = stem.string() + ".drawing-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      const std::error_code error(errno, std::generic_category());
      throw FileError("figure", fmt::format("cannot make a folder beside {}: {}", stem.string(),
                                            error.message()));
    }
    path_ = pattern;
  }
  ~DrawingFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  DrawingFolder(const DrawingFolder&) = delete;
  DrawingFolder& operator=(const DrawingFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void run_gnuplot(const std::filesystem::path& folder, const std::filesystem::path& stem) {
  const std::string script = stem.filename().string() + ".gnuplot";
  const ChildResult result = run_child(
      {"gnuplot", "-d", script},
      {folder, "Figures need the program gnuplot: on Debian and Ubuntu the package gnuplot-nox"});
  if (result.status == 0) return;
  throw FileError({fmt::format("[figure] gnuplot could not draw {} (exit status {})", stem.string(),
                               result.status),
                   "", result.last_lines(6),
                   fmt::format("The script is {}.gnuplot", stem.string())});
}

}  // namespace

void draw(const Figure& figure, const std::filesystem::path& stem) {
  const std::string name = stem.filename().string();
  const std::string script = gnuplot_script(figure, name);
  const std::string data = figure_data(figure);
  const DrawingFolder folder(stem);
  for (const std::filesystem::path& place : {stem, folder.path() / name}) {
    write_file(place.string() + ".tsv", data);
    write_file(place.string() + ".gnuplot", script);
  }
  run_gnuplot(folder.path(), stem);
  for (const std::string ending : {".svg", ".png"}) {
    write_file(stem.string() + ending, read_file(folder.path() / (name + ending)));
  }
}

}  // namespace austeer
