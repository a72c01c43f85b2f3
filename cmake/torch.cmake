# LibTorch as one plain target. find_package(Torch) is not used: it asks for a CUDA toolkit even
# for a build that runs on the CPU only.
if(NOT VITLAB_TORCH)
  foreach(candidate ${PROJECT_SOURCE_DIR}/.deps/torch-cuda/torch ${PROJECT_SOURCE_DIR}/.deps/torch-cpu/torch)
    if(EXISTS ${candidate}/lib/libtorch_cpu.so)
      set(VITLAB_TORCH ${candidate})
      break()
    endif()
  endforeach()
endif()
if(NOT EXISTS ${VITLAB_TORCH}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "LibTorch not found${VITLAB_TORCH}. Run scripts/bootstrap, or pass "
                      "-DVITLAB_TORCH=DIR with a folder that has include/ and lib/libtorch_cpu.so.")
endif()
message(STATUS "LibTorch: ${VITLAB_TORCH}")

add_library(vitlab_torch INTERFACE)
target_include_directories(vitlab_torch SYSTEM INTERFACE
  ${VITLAB_TORCH}/include ${VITLAB_TORCH}/include/torch/csrc/api/include)
target_link_directories(vitlab_torch INTERFACE ${VITLAB_TORCH}/lib)
# The CUDA half is loaded when a CUDA device is asked for, so it is not linked: a CPU run starts
# in a quarter of a second instead of one. Symbols of NVIDIA's libraries that libtorch_cpu.so needs
# are found through its own run path.
target_link_libraries(vitlab_torch INTERFACE torch_cpu c10)
target_link_options(vitlab_torch INTERFACE -Wl,-rpath,${VITLAB_TORCH}/lib -Wl,--allow-shlib-undefined)

# CONFIGURE, not WRITE: an unchanged file keeps its time, so that configuring again builds nothing.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/torch_pch.cpp CONTENT "")
add_library(vitlab_torch_pch STATIC ${CMAKE_BINARY_DIR}/torch_pch.cpp)
target_include_directories(vitlab_torch_pch BEFORE PUBLIC ${VITLAB_INCLUDE_FIRST})
target_link_libraries(vitlab_torch_pch PUBLIC vitlab_torch)
target_precompile_headers(vitlab_torch_pch PRIVATE <ATen/ATen.h> <map> <memory> <string> <vector> <filesystem> <fstream> <sstream> <variant> <optional> <functional>)
