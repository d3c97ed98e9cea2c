# Installs the headers, the libraries and what find_package(synod) needs. Included last, when every
# library is known.
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY SYNOD_LIBRARIES)
get_property(decorations GLOBAL PROPERTY SYNOD_DECORATIONS)
set(destination ${CMAKE_INSTALL_LIBDIR}/cmake/synod)

install(TARGETS ${libraries} EXPORT synodTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY core/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
foreach(decoration IN LISTS decorations)
  install(DIRECTORY decorations/${decoration}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(EXPORT synodTargets NAMESPACE synod:: DESTINATION ${destination})

# Which third-party packages the libraries link, as their own files found them.
set(SYNOD_DEPENDENCIES "")
foreach(package ISAL Asio cereal OpenSSL)
  if(${package}_FOUND)
    list(APPEND SYNOD_DEPENDENCIES ${package})
  endif()
endforeach()
list(TRANSFORM libraries REPLACE "^synod_" "" OUTPUT_VARIABLE SYNOD_COMPONENTS)
string(REPLACE ";" " " SYNOD_DEPENDENCIES "${SYNOD_DEPENDENCIES}")
string(REPLACE ";" " " SYNOD_COMPONENTS "${SYNOD_COMPONENTS}")
configure_package_config_file(core/cmake/synodConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/synodConfig.cmake
                              INSTALL_DESTINATION ${destination})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/synodConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/synodConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/synodConfigVersion.cmake
              core/cmake/FindISAL.cmake core/cmake/FindAsio.cmake
        DESTINATION ${destination})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
