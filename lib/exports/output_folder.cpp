#include "exports/output_folder.hpp"

#include "base/error.hpp"
#include "base/files.hpp"

namespace austeer {

void make_output_folder(const std::filesystem::path& folder) {
  make_folder(folder);
  if (list_folder(folder).empty()) return;
  throw UsageError("export", folder.string() + " is not empty",
                   "Choose another folder, or remove what is in it");
}

}  // namespace austeer
