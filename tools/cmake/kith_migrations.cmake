# kith_migrations(TARGET): compiles migrations/<dialect>/NNNN_<module>_<words>.sql into TARGET as compiled_migrations().
#
# The list is sorted by number; a name that does not fit, an unknown module or a number used twice stops the build. The
# file runs itself as a script at build time, so that an edited migration is compiled anew.

if(CMAKE_SCRIPT_MODE_FILE)
  cmake_policy(VERSION 3.25)
  function(kith_write_dialect out dialect)
    file(GLOB files ${ROOT}/migrations/${dialect}/*)
    list(SORT files)
    set(seen "")
    set(entries "")
    set(count 0)
    foreach(path IN LISTS files)
      get_filename_component(file ${path} NAME)
      if(NOT file MATCHES "^([0-9][0-9][0-9][0-9])_(([a-z]+)_[a-z0-9_]+)[.]sql$")
        message(FATAL_ERROR "migrations/${dialect}/${file}: the name must be NNNN_<module>_<words>.sql")
      endif()
      set(digits ${CMAKE_MATCH_1})
      set(name ${CMAKE_MATCH_2})
      set(module ${CMAKE_MATCH_3})
      if(digits STREQUAL "0000" OR digits IN_LIST seen)
        message(FATAL_ERROR "migrations/${dialect}/${file}: numbers begin at 0001 and are used once")
      endif()
      list(APPEND seen ${digits})
      if(NOT IS_DIRECTORY ${ROOT}/modules/${module})
        message(FATAL_ERROR "migrations/${dialect}/${file}: there is no module '${module}'")
      endif()
      file(READ ${path} sql)
      string(FIND "${sql}" ")kith_sql\"" clash)
      if(NOT clash EQUAL -1)
        message(FATAL_ERROR "migrations/${dialect}/${file}: it contains the end mark of the generated text")
      endif()
      string(REGEX REPLACE "^0+" "" number ${digits})
      string(APPEND entries "    {${number}, \"${name}\", R\"kith_sql(${sql})kith_sql\"},\n")
      math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND ${out} "constexpr std::array<migration, ${count}> ${dialect}_migrations{{\n${entries}}};\n\n")
    set(${out} "${${out}}" PARENT_SCOPE)
  endfunction()

  set(text "// Written by tools/cmake/kith_migrations.cmake from migrations/.\n#include \"migrations.hpp\"\n\n#include <array>\n\n")
  string(APPEND text "namespace kith::db {\nnamespace {\n\n")
  kith_write_dialect(text sqlite)
  kith_write_dialect(text mysql)
  string(APPEND text "}  // namespace\n\nstd::span<const migration> compiled_migrations(dialect which) {\n")
  string(APPEND text "    return which == dialect::mysql ? std::span<const migration>(mysql_migrations) : std::span<const migration>(sqlite_migrations);\n}\n\n")
  string(APPEND text "}  // namespace kith::db\n")
  file(WRITE ${OUT} "${text}")
  return()
endif()

set(KITH_MIGRATIONS_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
get_filename_component(KITH_MIGRATIONS_ROOT ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)

function(kith_migrations target)
  file(GLOB files CONFIGURE_DEPENDS ${KITH_MIGRATIONS_ROOT}/migrations/*/*)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/compiled_migrations.cpp)
  # The list of names is an input too: without it a removed file would stay compiled in.
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/migrations.list CONTENT "${files}\n")
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DROOT=${KITH_MIGRATIONS_ROOT} -DOUT=${out} -P ${KITH_MIGRATIONS_SCRIPT}
    DEPENDS ${files} ${KITH_MIGRATIONS_SCRIPT} ${CMAKE_CURRENT_BINARY_DIR}/migrations.list
    COMMENT "Compiling the migrations in" VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
