// A shared library that is loaded when it is first needed: a client library costs memory in every process that links
// it, and most sidecars never use it.
#pragma once

#include <dlfcn.h>
#include <string>

#include "common/result.h"

namespace common {

class SharedLibrary {
 public:
  // `soname`: as the dynamic loader knows it, "libpq.so.5"; `package`: the Debian package to name when it is missing.
  // Stays loaded until the process ends: client libraries keep threads and exit handlers.
  [[nodiscard]] static Result<SharedLibrary> load(const std::string& soname, const std::string& package) {
    void* handle = ::dlopen(soname.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr) return fail("cannot load " + soname + ": " + ::dlerror() + "; install " + package);
    return SharedLibrary(handle);
  }

  // `slot`: a pointer to the function's type; the library's header declares it. False when the library has no such
  // function.
  template <class Function>
  [[nodiscard]] bool find(const char* name, Function*& slot) const {
    slot = reinterpret_cast<Function*>(::dlsym(handle_, name));
    return slot != nullptr;
  }

 private:
  explicit SharedLibrary(void* handle) : handle_(handle) {}
  void* handle_;
};

}  // namespace common
