# SPDX-License-Identifier: Apache-2.0
# FindMunge: libmunge, as the target Munge::Munge. MUNGE_ROOT names a prefix of its own.
find_path(Munge_INCLUDE_DIR munge.h HINTS ${MUNGE_ROOT}/include $ENV{MUNGE_ROOT}/include)
find_library(Munge_LIBRARY munge HINTS ${MUNGE_ROOT} $ENV{MUNGE_ROOT} PATH_SUFFIXES lib64 lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Munge REQUIRED_VARS Munge_LIBRARY Munge_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Install MUNGE's development files (libmunge-dev, munge-devel), or set MUNGE_ROOT to its prefix")
mark_as_advanced(Munge_INCLUDE_DIR Munge_LIBRARY)
if(Munge_FOUND AND NOT TARGET Munge::Munge)
  add_library(Munge::Munge UNKNOWN IMPORTED)
  set_target_properties(Munge::Munge PROPERTIES IMPORTED_LOCATION ${Munge_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${Munge_INCLUDE_DIR})
endif()
