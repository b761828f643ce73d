# SPDX-License-Identifier: Apache-2.0
# FindSlurm: Slurm's headers and library, both of one version.
#
#   SLURM_ROOT or SLURM_PREFIX   the prefix of Slurm (a variable, or in the environment): nothing outside it is used
#
# Defines Slurm::Headers (plugins: Slurm's own symbols are the host's), Slurm::Slurm (libslurm),
# Slurm_VERSION (22.05.8), Slurm_INCLUDE_DIR, Slurm_LIBRARY and Slurm_PLUGIN_DIR.
foreach(variable SLURM_ROOT SLURM_PREFIX Slurm_ROOT)
  if(${variable})
    set(_slurm_root ${${variable}})
  elseif(DEFINED ENV{${variable}} AND NOT _slurm_root)
    set(_slurm_root $ENV{${variable}})
  endif()
endforeach()

if(_slurm_root)
  cmake_path(ABSOLUTE_PATH _slurm_root)
  # A cached answer from another prefix must not survive.
  foreach(variable Slurm_INCLUDE_DIR Slurm_LIBRARY)
    if(${variable})
      cmake_path(IS_PREFIX _slurm_root "${${variable}}" NORMALIZE _inside)
      if(NOT _inside)
        unset(${variable} CACHE)
      endif()
    endif()
  endforeach()
  find_path(Slurm_INCLUDE_DIR slurm/spank.h PATHS ${_slurm_root}/include ${_slurm_root}/usr/include NO_DEFAULT_PATH)
  find_library(Slurm_LIBRARY slurm NO_DEFAULT_PATH PATHS ${_slurm_root} ${_slurm_root}/usr
    PATH_SUFFIXES lib64 lib lib/${CMAKE_LIBRARY_ARCHITECTURE} lib64/slurm lib/slurm)
else()
  find_path(Slurm_INCLUDE_DIR slurm/spank.h)
  find_library(Slurm_LIBRARY slurm PATH_SUFFIXES slurm)
endif()

if(Slurm_INCLUDE_DIR)
  set(_header ${Slurm_INCLUDE_DIR}/slurm/slurm_version.h)
  if(NOT EXISTS ${_header})
    message(FATAL_ERROR "FindSlurm: ${Slurm_INCLUDE_DIR}/slurm has spank.h but no slurm_version.h")
  endif()
  file(STRINGS ${_header} _line REGEX "define[ \t]+SLURM_VERSION_NUMBER")
  string(REGEX MATCH "0x[0-9a-fA-F]+" _number "${_line}")
  if(NOT _number)
    message(FATAL_ERROR "FindSlurm: ${_header}: no SLURM_VERSION_NUMBER; found: '${_line}'")
  endif()
  math(EXPR _major "(${_number} >> 16) & 255")
  math(EXPR _minor "(${_number} >> 8) & 255")
  math(EXPR _micro "${_number} & 255")
  if(_minor LESS 10)
    set(_minor 0${_minor})
  endif()
  set(Slurm_VERSION ${_major}.${_minor}.${_micro})
endif()

# libslurm holds its version as a text ("22.05.8"): its API's number, which a function returns, is another.
if(Slurm_INCLUDE_DIR AND Slurm_LIBRARY)
  file(STRINGS ${Slurm_LIBRARY} _versions REGEX "^[0-9][0-9]\\.[0-9][0-9]\\.[0-9]+([-~].*)?$")
  list(TRANSFORM _versions REPLACE "[-~].*" "")
  if(NOT _versions)
    message(WARNING "FindSlurm: ${Slurm_LIBRARY} has no version text; assuming that of its headers, ${Slurm_VERSION}")
  elseif(NOT Slurm_VERSION IN_LIST _versions)
    list(JOIN _versions " " _versions)
    message(FATAL_ERROR "FindSlurm: the headers in ${Slurm_INCLUDE_DIR}/slurm are of Slurm ${Slurm_VERSION}, but ${Slurm_LIBRARY} is of "
      "${_versions}. Set SLURM_ROOT to the prefix of one Slurm.")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Slurm REQUIRED_VARS Slurm_LIBRARY Slurm_INCLUDE_DIR VERSION_VAR Slurm_VERSION
  REASON_FAILURE_MESSAGE "Install Slurm's development files (libslurm-dev, slurm-devel), or set SLURM_ROOT to its prefix")
mark_as_advanced(Slurm_INCLUDE_DIR Slurm_LIBRARY)

if(Slurm_FOUND)
  # Where Slurm looks for plugins: Debian's directory, or PREFIX/lib/slurm.
  cmake_path(GET Slurm_LIBRARY PARENT_PATH _libdir)
  foreach(candidate ${_libdir}/slurm-wlm ${_libdir}/slurm ${_libdir})
    if(NOT Slurm_PLUGIN_DIR AND EXISTS ${candidate}/auth_munge.so)
      set(Slurm_PLUGIN_DIR ${candidate})
    endif()
  endforeach()
  if(NOT Slurm_PLUGIN_DIR)
    set(Slurm_PLUGIN_DIR ${_libdir}/slurm)
    if(IS_DIRECTORY ${_libdir}/slurm-wlm)
      set(Slurm_PLUGIN_DIR ${_libdir}/slurm-wlm)
    elseif(_libdir MATCHES "/slurm$")
      set(Slurm_PLUGIN_DIR ${_libdir})
    endif()
  endif()
  if(NOT TARGET Slurm::Headers)
    add_library(Slurm::Headers INTERFACE IMPORTED)
    set_target_properties(Slurm::Headers PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${Slurm_INCLUDE_DIR}
      INTERFACE_INCLUDE_DIRECTORIES ${Slurm_INCLUDE_DIR})
    add_library(Slurm::Slurm UNKNOWN IMPORTED)
    set_target_properties(Slurm::Slurm PROPERTIES IMPORTED_LOCATION ${Slurm_LIBRARY} INTERFACE_LINK_LIBRARIES Slurm::Headers)
  endif()
endif()
