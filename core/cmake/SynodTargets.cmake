# synod_add_library(NAME SOURCES … DEPENDS … ), synod_add_executable, synod_add_test:
# the same language level, warnings and include folders for every target of the project.
include(GNUInstallDirs)

function(synod_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                           -Wno-sign-conversion -Wnon-virtual-dtor)
  # g++ 12 sees what is not there, at -O3: overlaps in std::string's operator+, and a value read
  # from an absl::StatusOr that holds none.
  target_compile_options(${target} PRIVATE
    "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict;-Wno-maybe-uninitialized>")
  if(SYNOD_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# The library synod::NAME. Public headers come from the folder given by INCLUDE (default:
# core/include), private ones from core/src.
function(synod_add_library name)
  cmake_parse_arguments(arg "" "INCLUDE" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  if(NOT arg_INCLUDE)
    set(arg_INCLUDE ${PROJECT_SOURCE_DIR}/core/include)
  endif()
  set(target synod_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(synod::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${arg_INCLUDE}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/core/src)
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE_DEPENDS})
  synod_compile_options(${target})
  set_property(GLOBAL APPEND PROPERTY SYNOD_LIBRARIES ${target})
endfunction()

function(synod_add_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
  synod_compile_options(${name})
endfunction()

# A GoogleTest executable, each of its cases a CTest test. LABEL: unit, traces, simulation,
# decorations, integration, packaging or tidy.
function(synod_add_test name)
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/core/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
  synod_compile_options(${name})
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${arg_LABEL}" TIMEOUT 300)
endfunction()
