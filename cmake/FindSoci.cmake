# SPDX-License-Identifier: Apache-2.0
# FindSoci: SOCI and its backends, as Soci::core, Soci::sqlite3 and Soci::mysql. Components: sqlite3, mysql. Distributions build SOCI
# without its own CMake files, or with ones of other names.
find_path(Soci_INCLUDE_DIR soci/soci.h)
find_library(Soci_core_LIBRARY NAMES soci_core)
foreach(component IN LISTS Soci_FIND_COMPONENTS)
  find_library(Soci_${component}_LIBRARY NAMES soci_${component})
  set(Soci_${component}_FOUND ${Soci_${component}_LIBRARY})
  mark_as_advanced(Soci_${component}_LIBRARY)
endforeach()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Soci REQUIRED_VARS Soci_core_LIBRARY Soci_INCLUDE_DIR HANDLE_COMPONENTS)
mark_as_advanced(Soci_INCLUDE_DIR Soci_core_LIBRARY)
foreach(component IN ITEMS core LISTS Soci_FIND_COMPONENTS)
  if(Soci_FOUND AND NOT TARGET Soci::${component})
    add_library(Soci::${component} UNKNOWN IMPORTED)
    set_target_properties(Soci::${component} PROPERTIES IMPORTED_LOCATION ${Soci_${component}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${Soci_INCLUDE_DIR})
    if(NOT component STREQUAL core)
      set_property(TARGET Soci::${component} PROPERTY INTERFACE_LINK_LIBRARIES Soci::core)
    endif()
  endif()
endforeach()
