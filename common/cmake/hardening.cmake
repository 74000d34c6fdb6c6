# harden(target): what makes a fault in memory an end instead of a way in, for what is shipped.
# integration/tests/test_hardening_elf.py reads the programs and checks that it is there.
function(harden target)
  target_compile_options(${target} INTERFACE
    -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS
    -Wformat=2 -Werror=format-security)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|i.86")
    target_compile_options(${target} INTERFACE -fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    target_compile_options(${target} INTERFACE -mbranch-protection=standard)
  endif()
  # What was never set reads as zero.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} INTERFACE -ftrivial-auto-var-init=zero)
  endif()
  target_link_options(${target} INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed)
endfunction()
