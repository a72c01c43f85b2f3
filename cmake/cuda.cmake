# Our own CUDA kernels as a library that is opened at run time: a build without nvcc lacks only them.
set(VITLAB_CUDA AUTO CACHE STRING "Build our own CUDA kernels: AUTO (where nvcc is found), ON or OFF")
set_property(CACHE VITLAB_CUDA PROPERTY STRINGS AUTO ON OFF)
set(VITLAB_HAS_CUDA OFF)
if(NOT VITLAB_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    # Code for the oldest architecture that this nvcc knows runs on every later one.
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES all-major)
    endif()
    enable_language(CUDA)
    set(VITLAB_HAS_CUDA ON)
  elseif(NOT VITLAB_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "VITLAB_CUDA is ON, but there is no nvcc: install the CUDA toolkit, put nvcc on "
                        "PATH or set CUDACXX, or configure with -DVITLAB_CUDA=OFF")
  endif()
endif()
