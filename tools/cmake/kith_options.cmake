# Compiler and linker settings that every target of ours shares.
# Hardening follows trust.md S43 (OpenSSF compiler options): fortify, stack protector, PIE, full RELRO, checked containers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()

set(KITH_SANITIZE "" CACHE STRING "Sanitizers of this build: address,undefined or thread")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
# What is only to compile needs nothing for a debugger, which takes a fifth of the time.
set(CMAKE_CXX_FLAGS_CHECK "-O0")
set(CMAKE_C_FLAGS_CHECK "${CMAKE_CXX_FLAGS_CHECK}")
# g++ takes half as long again for -O1 where it instruments, and the tests wait more than they compute.
set(CMAKE_CXX_FLAGS_SANITIZE "-O0 -g1 -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_SANITIZE "${CMAKE_CXX_FLAGS_SANITIZE}")

find_program(KITH_CCACHE ccache)
if(KITH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache never caches a file that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${KITH_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()
find_program(KITH_MOLD mold)
if(KITH_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# A gateway file needs a gigabyte and many seconds; two at once starve a small box.
set_property(GLOBAL PROPERTY JOB_POOLS heavy=1)

add_library(kith_settings INTERFACE)
target_compile_options(kith_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 takes the frame of an inlined coroutine for memory of another allocator, and an optional's storage for too short:
  # both are false alarms that later versions no longer raise. clang++ and the sanitizers watch the same code.
  target_compile_options(kith_settings INTERFACE -Wno-mismatched-new-delete -Wno-array-bounds)
endif()
target_compile_definitions(kith_settings INTERFACE
  _GLIBCXX_ASSERTIONS
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_options(kith_settings INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(kith_settings INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(KITH_SANITIZE)
  if(KITH_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences are not modelled by TSan; it warns wherever one is compiled
  endif()
  add_compile_options(-fsanitize=${KITH_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KITH_SANITIZE})
endif()
