# Sources that stay alone where those of a room are compiled together: they give a name in an anonymous namespace that
# another one of the room, or a header, gives, too. A new clash is an error of the compiler: give one of the two another
# name, or put what both have into one place. The preset dev compiles every source alone.
foreach(source
    common/admin/routes.cc common/config/mask.cc common/config/reader.cc common/config/shown.cc
    common/http/connection.cc common/registration/server_options.cc common/registration/validate.cc
    nerve/config_sources_test.cc nerve/service_test.cc synapse/config_frontend_test.cc synapse/config_outputs_test.cc
    synapse/config_pool_test.cc synapse/config_servers_test.cc synapse/config_watcher_test.cc
    synapse/haproxy/driver_look.cc synapse/haproxy/read_rendered.cc synapse/haproxy/runtime_codec_test.cc
    synapse/haproxy/traits_test.cc synapse/oneshot.cc synapse/output/file_router.cc synapse/pool/hold.cc)
  cmake_path(GET source PARENT_PATH directory)
  while(NOT EXISTS ${CMAKE_SOURCE_DIR}/${directory}/CMakeLists.txt)
    cmake_path(GET directory PARENT_PATH directory)
  endwhile()
  set_source_files_properties(${CMAKE_SOURCE_DIR}/${source} DIRECTORY ${CMAKE_SOURCE_DIR}/${directory}
                              PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endforeach()
