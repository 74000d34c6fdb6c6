# cmake --install: the programs, the units with the paths of this installation, and what people copy.
include(GNUInstallDirs)
set(UNIT_DIR "lib/systemd/system" CACHE STRING "Where the systemd units go, below the prefix or absolute")
set(SYSUSERS_DIR "lib/sysusers.d" CACHE STRING "Where systemd-sysusers looks, below the prefix or absolute")
set(doc_dir ${CMAKE_INSTALL_DATADIR}/doc/nerve-synapse)

install(TARGETS nerve synapse RUNTIME)

# The prefix may be another one when it is installed (--prefix).
foreach(program nerve synapse)
  install(CODE "
    set(BIN \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    set(DOC \"\${CMAKE_INSTALL_PREFIX}/${doc_dir}\")
    set(SYSCONF /etc)
    configure_file(\"${CMAKE_SOURCE_DIR}/conf/systemd/${program}.service.in\"
                   \"${CMAKE_BINARY_DIR}/units/${program}.service\" @ONLY)")
  install(FILES ${CMAKE_BINARY_DIR}/units/${program}.service DESTINATION ${UNIT_DIR})
endforeach()
install(FILES conf/systemd/nerve-synapse.sysusers.conf DESTINATION ${SYSUSERS_DIR} RENAME nerve-synapse.conf)
install(FILES README.md SECURITY.md LICENSE DESTINATION ${doc_dir})
install(DIRECTORY conf/examples conf/kubernetes conf/prometheus DESTINATION ${doc_dir})
