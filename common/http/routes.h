// Which function answers which method and path. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.h"

namespace common::http {

// Called once, on the loop, now or later; the client may be gone by then.
using Respond = std::function<void(Response)>;
using Arguments = std::map<std::string, std::string>;  // ":name" in the pattern -> what stood there
using Handler = std::function<void(const Request&, const Arguments&, Respond)>;

class Routes {
 public:
  // `pattern`: "/services/:name/weight/:weight"; a ":word" takes one whole segment, percent-decoded: a service name
  // that contains '/' is sent as %2F.
  Routes& add(std::string method, std::string pattern, Handler handler);

  // 400 for a malformed path, 404 for an unknown one, 405 for a known one with another method. HEAD is answered as GET.
  void dispatch(const Request& request, Respond respond) const;

  // "GET /status" and so on, in the order of add().
  std::vector<std::string> list() const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    std::string pattern;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace common::http
