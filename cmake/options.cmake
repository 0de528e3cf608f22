# Compiler settings that every target of this project shares: austeer::options.
add_library(austeer_options INTERFACE)
add_library(austeer::options ALIAS austeer_options)

if(AUSTEER_STRICT)
  target_compile_options(austeer_options INTERFACE -Wall -Wextra -Wpedantic -Werror)
endif()

# Files that are compiled together are included by another; for GCC they are then headers, in which
# it warns of unnamed namespaces.
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(austeer_options INTERFACE -Wno-subobject-linkage)
endif()

if(AUSTEER_SANITIZE)
  target_compile_options(austeer_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(austeer_options INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(austeer_options INTERFACE AUSTEER_SANITIZE)
endif()

# The fuzz targets want coverage counters in every room that they reach.
if(AUSTEER_FUZZ)
  target_compile_options(austeer_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
