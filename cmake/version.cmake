# Writes OUTPUT, the source file with this build's version, when it differs: run on every build, so
# that results name the commit that made them.
execute_process(COMMAND git describe --always --dirty --tags WORKING_DIRECTORY ${SOURCE_DIR}
  OUTPUT_VARIABLE describe OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT describe)
  set(describe unknown)
endif()
set(text "#include \"base/version.hpp\"

namespace austeer {

std::string version() { return \"${VERSION}\"; }
std::string git_describe() { return \"${describe}\"; }

}  // namespace austeer
")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
