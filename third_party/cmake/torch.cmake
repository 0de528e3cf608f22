# austeer::torch: libtorch from a PyPI wheel or an unpacked libtorch folder, as an imported target.
#
# find_package(Torch) asks for a CUDA toolkit whenever the wheel was built for CUDA; the libraries
# themselves need none, so the target is made from include/ and lib/ directly. A CUDA wheel's
# torch_cuda registers its kernels when loaded, hence --no-as-needed.
#
# AUSTEER_TORCH_DIR (CMake variable or environment): the folder that holds include/ and lib/. By
# default the wheel that third_party/install.sh put into build/venv.

if(NOT AUSTEER_TORCH_DIR)
  set(torch_dir "$ENV{AUSTEER_TORCH_DIR}")
  if(NOT torch_dir)
    file(GLOB wheels ${CMAKE_SOURCE_DIR}/build/venv/lib/python3*/site-packages/torch)
    if(wheels)
      list(GET wheels 0 torch_dir)
    endif()
  endif()
  set(AUSTEER_TORCH_DIR "${torch_dir}" CACHE PATH "libtorch folder (include/, lib/)" FORCE)
endif()
if(NOT EXISTS "${AUSTEER_TORCH_DIR}/include/ATen/ATen.h")
  message(FATAL_ERROR "libtorch not found in '${AUSTEER_TORCH_DIR}'. Run third_party/install.sh, "
    "or pass -DAUSTEER_TORCH_DIR=FOLDER with include/ and lib/ in it.")
endif()

# torch/include carries its own fmt, which would shadow the distribution's under spdlog. A folder
# with nothing but a link to the system's fmt goes before it.
find_path(AUSTEER_FMT_INCLUDE_DIR fmt/core.h NO_CMAKE_FIND_ROOT_PATH REQUIRED)
set(austeer_fmt_first ${CMAKE_BINARY_DIR}/include_roots/fmt_first)
file(MAKE_DIRECTORY ${austeer_fmt_first})
file(CREATE_LINK ${AUSTEER_FMT_INCLUDE_DIR}/fmt ${austeer_fmt_first}/fmt SYMBOLIC)

set(austeer_torch_libraries)
foreach(library c10 torch_cpu c10_cuda torch_cuda)
  set(file ${AUSTEER_TORCH_DIR}/lib/lib${library}.so)
  if(EXISTS ${file})
    list(APPEND austeer_torch_libraries ${file})
  endif()
endforeach()

add_library(austeer_torch INTERFACE)
add_library(austeer::torch ALIAS austeer_torch)
target_include_directories(austeer_torch SYSTEM INTERFACE
  ${austeer_fmt_first} ${AUSTEER_TORCH_DIR}/include)
target_link_libraries(austeer_torch INTERFACE
  -Wl,--no-as-needed ${austeer_torch_libraries} -Wl,--as-needed)
target_link_options(austeer_torch INTERFACE -Wl,-rpath,${AUSTEER_TORCH_DIR}/lib)

# at::parallel_for is compiled into its callers, and there it is a plain loop without OpenMP. The
# runtime must be the one that libtorch brings and uses, or there would be two pools of threads. The
# sanitizers' compiler has another runtime; under it the loops stay plain.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(austeer_torch INTERFACE -fopenmp)
  file(GLOB austeer_torch_gomp ${AUSTEER_TORCH_DIR}/lib/libgomp*.so*)
  if(austeer_torch_gomp)
    target_link_libraries(austeer_torch INTERFACE ${austeer_torch_gomp})
  else()
    target_link_options(austeer_torch INTERFACE -fopenmp)
  endif()
endif()
