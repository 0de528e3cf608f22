# A room is a folder of lib/: one static library, one include root.
#
#   austeer_room(tensors USES base text LINK austeer::torch ATEN)
#
# USES names the rooms that this one may include; LINK names outside libraries; ATEN shares the
# precompiled ATen header. Headers are included as "tensors/gguf.hpp". Each room's include root is
# a folder of the build tree that holds nothing but a link to the room, so that a file which
# includes a room that is not in USES (or in the USES of those) does not compile.
#
# austeer_precompiled_aten() makes the precompiled header once: a file that includes ATen costs
# 13 s without it.

function(austeer_room name)
  cmake_parse_arguments(ROOM "ATEN" "" "USES;LINK" ${ARGN})
  set(source_dir ${CMAKE_SOURCE_DIR}/lib/${name})
  set(root ${CMAKE_BINARY_DIR}/include_roots/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${source_dir} ${root}/${name} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS ${source_dir}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "lib/${name} has no sources")
  endif()
  add_library(austeer_${name} STATIC ${sources})
  add_library(austeer::${name} ALIAS austeer_${name})
  target_include_directories(austeer_${name} PUBLIC ${root})
  set(rooms ${ROOM_USES})
  list(TRANSFORM rooms PREPEND austeer::)
  target_link_libraries(austeer_${name} PUBLIC ${rooms} ${ROOM_LINK} PRIVATE austeer::options)
  if(ROOM_ATEN)
    austeer_use_precompiled_aten(austeer_${name})
  endif()
endfunction()

# Under the sanitizers code that includes ATen is not optimised: that halves its long compilation, and
# at run time it mostly calls libtorch.
function(austeer_plain_under_sanitizers target)
  if(AUSTEER_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

function(austeer_precompiled_aten)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/aten_pch.cpp CONTENT "")
  add_library(austeer_aten_pch OBJECT ${CMAKE_BINARY_DIR}/aten_pch.cpp)
  target_link_libraries(austeer_aten_pch PRIVATE austeer::torch austeer::options)
  target_precompile_headers(austeer_aten_pch PRIVATE <ATen/ATen.h>)
  austeer_plain_under_sanitizers(austeer_aten_pch)
endfunction()

function(austeer_use_precompiled_aten target)
  target_precompile_headers(${target} REUSE_FROM austeer_aten_pch)
  austeer_plain_under_sanitizers(${target})
  # Executables are compiled with -fPIE, with which a header precompiled for libraries is invalid.
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
endfunction()
