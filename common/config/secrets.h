// Secrets that stand in a configuration's file, where everybody finds them who may read it. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/config/document.h"
#include "common/config/reader.h"

namespace common {

// Whether more may read a file than need to; may be empty: nobody knows.
using ReadableByOthers = std::function<bool(const std::string& file)>;

// Warns, once, when `document` holds what shown() masks as a secret and its file is one that others may read. What is
// masked only for want of knowing better does not count: plain words of a command, a body, the query of a URL, headers
// and variables whose names tell of nothing. `given` is the file's text, in which the document's variables are not
// replaced yet: a secret that comes from the environment is none of the file's.
void warn_of_open_secrets(const Document& document, std::string_view given, const ReadableByOthers& readable_by_others,
                          Diagnostics& diagnostics);

}  // namespace common
