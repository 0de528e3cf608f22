#include "runs/convert_dataset.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <string>
#include <vector>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/paths.hpp"
#include "runs/fetched_file.hpp"

namespace austeer {
namespace {

// Exit statuses of datasets/convert.py; Python itself uses 1 and 2.
constexpr int another_source = 10;
constexpr int no_pyarrow = 11;
constexpr int damaged_source = 12;
constexpr int full_disk = 13;
constexpr int refused_by_system = 14;

[[noreturn]] void refuse(const ChildResult& result, const DatasetStep& step,
                         const std::filesystem::path& source) {
  const std::string what = fmt::format("[convert] {}", source.string());
  const std::string said = result.last_lines(1);
  switch (result.status) {
    case another_source:
      throw FormatError({what, fmt::format("what {} is made of", step.file), said,
                         "The manifest and the file do not belong together: the file may have "
                         "changed at its source"});
    case damaged_source:
      throw FormatError({what, fmt::format("a whole {} file", source.extension().string()),
                         fmt::format("a damaged one ({})", said),
                         "Move it away, with its .sha256, and fetch it again"});
    case full_disk:
      throw FileError({fmt::format("[convert] cannot write {}", step.file), "", said,
                       "The disk is full; free some space and run again"});
    case refused_by_system:
      throw FileError({fmt::format("{}: cannot make {} of it", what, step.file), "", said, ""});
    default:
      throw FileError({fmt::format("{}: making {} of it failed", what, step.file), "",
                       result.last_lines(5), "AUSTEER_PYTHON names the Python that is used"});
  }
}

/// Lets pip bring what reads Parquet files to `folder`.
void bring_pyarrow(const std::filesystem::path& folder) {
  spdlog::info("bringing pyarrow, which reads Parquet files, to {}", folder.string());
  const ChildResult pip =
      run_child({python_program(), "-m", "pip", "install", "--disable-pip-version-check", "--quiet",
                 "--only-binary=:all:", "--target", folder.string(), "pyarrow==26.0.1"},
                python_options());
  if (pip.status == 0) return;
  throw FileError({"[convert] pip could not bring pyarrow, which reads Parquet files", "",
                   pip.last_lines(6),
                   fmt::format("Install it where {} finds it, or let AUSTEER_PYTHON name a Python "
                               "that has it",
                               python_program())});
}

}  // namespace

void convert_file(const DatasetStep& step, const std::filesystem::path& source,
                  const std::filesystem::path& target) {
  const std::filesystem::path how = target.string() + ".step";
  const RemoveAtEnd removal(how);
  write_file(how, to_text(step.how));
  const std::filesystem::path packages = home_folder() / "python";
  const std::vector<std::string> command = {python_program(),
                                            "-I",
                                            "-B",
                                            (project_folder("datasets") / "convert.py").string(),
                                            std::filesystem::absolute(source).string(),
                                            std::filesystem::absolute(target).string(),
                                            std::filesystem::absolute(how).string(),
                                            std::filesystem::absolute(packages).string()};
  ChildResult result = run_child(command, python_options());
  if (result.status == no_pyarrow) {
    bring_pyarrow(packages);
    result = run_child(command, python_options());
  }
  if (result.status == 0) return;
  std::error_code ignored;
  std::filesystem::remove(target, ignored);
  refuse(result, step, source);
}

}  // namespace austeer
