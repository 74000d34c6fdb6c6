#include "nerve/check/basic_auth.h"

#include <algorithm>

#include "common/registration/base64.h"

namespace nerve {

std::string basic_authorization(std::string_view username, std::string_view password) {
  std::string text = common::encode_base64_url(std::string(username) + ":" + std::string(password));
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return "Basic " + text;
}

}  // namespace nerve
