# SPDX-License-Identifier: Apache-2.0
# What every target of the project shares: warnings, the include root, and the shape of a room and of its unit test.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

add_library(carbon_flags INTERFACE)
target_compile_options(carbon_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -ffunction-sections -fdata-sections)  # what a plugin does not call is left out of it
# For quoted includes alone: a file or folder of ours must not stand for a header of the standard library (<format>).
target_compile_options(carbon_flags INTERFACE "SHELL:-iquote ${CMAKE_SOURCE_DIR}")

# Precompiled in all presets but dev and fuzz, where each file is to name what it includes.
set(CARBON_HEADERS <algorithm> <array> <charconv> <chrono> <cmath> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span>
  <string> <string_view> <utility> <variant> <vector>)

# carbon_headers(TARGET [<header>...]): what all read, and these.
function(carbon_headers target)
  if(ARGN OR NOT TARGET carbon_core OR target STREQUAL carbon_core)
    target_precompile_headers(${target} PRIVATE ${CARBON_HEADERS} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM carbon_core)
  endif()
endfunction()

# carbon_room(NAME SOURCES a.cpp... [ROOMS core net...] [PRIVATE third-party targets...] [HEADERS <that/many/of/its/files/read.h>...])
function(carbon_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;PRIVATE;HEADERS" ${ARGN})
  add_library(carbon_${name} STATIC ${ROOM_SOURCES})
  list(TRANSFORM ROOM_ROOMS PREPEND carbon_)
  target_link_libraries(carbon_${name} PUBLIC carbon_flags ${ROOM_ROOMS} PRIVATE ${ROOM_PRIVATE})
  carbon_headers(carbon_${name} ${ROOM_HEADERS})
endfunction()

# carbon_command_line(<source>...): files that include CLI11, which takes g++ nine seconds to optimise. What runs once need not be fast.
function(carbon_command_line)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "$<$<CONFIG:RelWithDebInfo>:-O0;-U_FORTIFY_SOURCE>")
endfunction()

# carbon_unit_test(NAME SOURCES a_test.cpp... LINK targets...): one GoogleTest program, one ctest entry.
function(carbon_unit_test name)
  cmake_parse_arguments(UT "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${UT_SOURCES})
  target_link_libraries(${name} PRIVATE carbon_flags ${UT_LINK} GTest::gtest_main)
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)  # a third less time to build than -O2
  if(TARGET core_test AND NOT name STREQUAL core_test)
    target_precompile_headers(${name} REUSE_FROM core_test)
  else()
    target_precompile_headers(${name} PRIVATE ${CARBON_HEADERS} <gtest/gtest.h>)
  endif()
  add_dependencies(unit_tests ${name})
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()
