#include "nerve/report/node_names.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "common/zookeeper/node_plan.h"

namespace nerve {
namespace {

// Ten digits as Airbnb's readers expect them behind an encoded record, where a sequence number would stand. Two
// instances have the same ones once in ten thousand million times, and then still differ in host or port. (FNV-1a)
std::string digits_of(const std::string& instance) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : instance) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return fmt::format("{:010}", hash % 10'000'000'000u);
}

// "web_10.0.0.1_80" of "web_10.0.0.1_80_0000000042".
std::string without_number(const std::string& child) {
  const auto end = child.rfind('_');
  if (end == std::string::npos || !common::zookeeper::is_numbered(child, child.substr(0, end + 1))) return child;
  return child.substr(0, end);
}

}  // namespace

std::string place_of_node(NodeForm form, const std::string& instance) {
  return instance + (form.path_encoded && form.sequential ? " by its record" : "");
}

NodeNames::NodeNames(NodeForm form, std::string instance, const common::Registration& record)
    : form_(form), instance_(std::move(instance)), host_(record.host), port_(record.port), name_(record.name) {}

std::string NodeNames::of(const common::Registration& record) const {
  if (form_.path_encoded) {
    const auto encoded = common::encode_into_name(record);
    return form_.sequential ? encoded : encoded + digits_of(instance_);
  }
  return form_.sequential ? instance_ + "_" : instance_;
}

bool NodeNames::recognises(const std::string& child) const {
  if (child == instance_ || common::zookeeper::is_numbered(child, instance_ + "_")) return true;
  const bool all_alike = form_.path_encoded && form_.sequential;
  if (!common::is_path_encoded(child) || (!all_alike && !child.ends_with("_" + digits_of(instance_)))) return false;
  const auto record = common::decode(child, "");
  return record && record->host == host_ && record->port == port_ && record->name == name_;
}

InstanceMark::InstanceMark(const std::string& child) {
  if (!common::is_path_encoded(child)) {
    digits_ = digits_of(without_number(child));
    return;
  }
  // Also where they are ZooKeeper's: then the record tells.
  digits_ = child.substr(child.rfind('_') + 1);
  if (auto record = common::decode(child, "")) record_ = *std::move(record);
}

bool InstanceMark::same_as(const InstanceMark& other) const {
  if (digits_ == other.digits_) return true;
  return record_ && other.record_ && record_->host == other.record_->host && record_->port == other.record_->port &&
         record_->name == other.record_->name;
}

}  // namespace nerve
