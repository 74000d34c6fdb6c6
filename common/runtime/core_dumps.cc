#include "common/runtime/core_dumps.h"

#include <sys/prctl.h>

namespace common {

void allow_core_dumps(bool allow) {
  ::prctl(PR_SET_DUMPABLE, allow ? 1 : 0, 0, 0, 0);
}

}  // namespace common
