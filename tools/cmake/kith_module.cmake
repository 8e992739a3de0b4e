# kith_module(NAME FLOOR n [USES module…] [TX module…] [LINKS target…]): declares one module.
#
# The module's include path holds links to the faces of what it declares and to nothing else, so an undeclared use or a
# reach into another module's room does not compile. USES gives include/kith/<module>.hpp and include/kith/<module>/;
# TX gives include/kith/<module>_tx.hpp as well. LINKS names third-party targets. Sources are all *.cpp of the folder.

set(KITH_FACES ${CMAKE_BINARY_DIR}/faces)

function(kith_link_face farm name)
  if(EXISTS ${PROJECT_SOURCE_DIR}/include/kith/${name})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/kith/${name} ${farm}/kith/${name} SYMBOLIC)
  endif()
endfunction()

function(kith_module name)
  cmake_parse_arguments(ARG "" "FLOOR" "USES;TX;LINKS" ${ARGN})
  if(NOT DEFINED ARG_FLOOR)
    message(FATAL_ERROR "kith_module(${name}): FLOOR is missing")
  endif()
  set_property(GLOBAL PROPERTY KITH_FLOOR_${name} ${ARG_FLOOR})
  set(farm ${KITH_FACES}/${name})
  file(REMOVE_RECURSE ${farm})
  file(MAKE_DIRECTORY ${farm}/kith)
  foreach(used IN LISTS ARG_USES)
    get_property(floor GLOBAL PROPERTY KITH_FLOOR_${used})
    if(NOT DEFINED floor OR floor GREATER ARG_FLOOR)
      message(FATAL_ERROR "kith_module(${name}): ${used} is not below it, or not declared before it")
    endif()
    kith_link_face(${farm} ${used})
    kith_link_face(${farm} ${used}.hpp)
  endforeach()
  foreach(used IN LISTS ARG_TX)
    if(NOT used IN_LIST ARG_USES)
      message(FATAL_ERROR "kith_module(${name}): TX ${used} without USES ${used}")
    endif()
    kith_link_face(${farm} ${used}_tx.hpp)
  endforeach()
  kith_link_face(${farm} ${name})
  kith_link_face(${farm} ${name}.hpp)
  kith_link_face(${farm} ${name}_tx.hpp)

  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(kith_${name} STATIC ${sources})
  target_include_directories(kith_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${farm})
  target_link_libraries(kith_${name} PRIVATE kith_settings ${ARG_LINKS})
  foreach(used IN LISTS ARG_USES)
    target_link_libraries(kith_${name} PUBLIC kith_${used})
  endforeach()
  if(NOT name STREQUAL core AND sources)
    target_precompile_headers(kith_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tools/cmake/precompiled.hpp)
  endif()
endfunction()

# kith_test(NAME MODULES module… [LINKS target…] [MARIADB]): one Catch2 binary of tests/unit/<NAME>. Tests may see the inside
# of the module whose name they bear, and of the others the faces. With MARIADB each test runs a second time on the server of
# the fixture `mariadb`, but those with the tag [sqlite]; those with [mariadb] run there alone.
function(kith_test name)
  cmake_parse_arguments(ARG "MARIADB" "" "MODULES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${name}/*.cpp)
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tests/unit
                             ${PROJECT_SOURCE_DIR}/modules/${name})
  foreach(module IN LISTS ARG_MODULES)
    target_link_libraries(${name}_test PRIVATE kith_${module})
  endforeach()
  target_link_libraries(${name}_test PRIVATE kith_settings ${ARG_LINKS} Catch2::Catch2WithMain)
  catch_discover_tests(${name}_test TEST_SPEC ~[.]~[mariadb] TEST_PREFIX "${name}: " PROPERTIES LABELS unit TIMEOUT 120)
  if(ARG_MARIADB)
    target_link_libraries(${name}_test PRIVATE PkgConfig::mariadb)
    catch_discover_tests(${name}_test TEST_SPEC ~[.]~[sqlite] TEST_PREFIX "${name} on MariaDB: " TEST_LIST ${name}_on_mariadb
                         PROPERTIES LABELS unit TIMEOUT 120 FIXTURES_REQUIRED mariadb
                         ENVIRONMENT KITH_TEST_MARIADB=${KITH_TEST_SERVER}/s)
  endif()
endfunction()
