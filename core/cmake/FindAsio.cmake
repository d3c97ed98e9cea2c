# Finds the stand-alone Asio, which is headers alone: Asio::asio.
find_package(Threads REQUIRED)
find_path(ASIO_INCLUDE_DIR NAMES asio.hpp)
mark_as_advanced(ASIO_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS ASIO_INCLUDE_DIR)

if(Asio_FOUND AND NOT TARGET Asio::asio)
  add_library(Asio::asio INTERFACE IMPORTED)
  set_target_properties(Asio::asio PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${ASIO_INCLUDE_DIR}" INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
