// The text of a token file.
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fuzz/target.h"
#include "common/http/access.h"
#include "common/http/token_file.h"

namespace {

using common::fuzz::must;

// In a token of the corpus, and in no words of ours.
constexpr std::string_view kMark = "Q9vK2wJ7";

// A file in memory, whose name the process can open.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("token", MFD_CLOEXEC)) { ::fchmod(descriptor_, 0600); }
  ~MemoryFile() { ::close(descriptor_); }

  std::string holding(std::string_view bytes) const {
    must(::ftruncate(descriptor_, 0) == 0, "emptied");
    must(::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "written");
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_;
};

}  // namespace

FUZZ_TARGET(token_file) {
  static const MemoryFile file;
  const auto token = common::http::read_token_file(file.holding(bytes));
  if (!token) {
    const auto& words = token.error().message;
    must(!words.empty() && !common::fuzz::has_control(words), "an error for a log", words);
    must(words.find(kMark) == std::string::npos, "no token in an error", words);
    return;
  }
  must(!token->empty() && token->size() <= 4096 && bytes.find(*token) != std::string_view::npos, "a part of the text");
  for (const char c : *token) must(c > ' ' && c < 0x7F, "one word", *token);
  common::http::Request request{.method = "PUT", .path = "/", .query = {}};
  must(!common::http::presents_token(request, *token), "nothing is no token");
  request.headers["authorization"] = "Bearer " + *token;
  must(common::http::presents_token(request, *token), "the token is one");
  request.headers["authorization"] = "Bearer " + *token + "x";
  must(!common::http::presents_token(request, *token), "another is none");
}
