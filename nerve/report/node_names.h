// What the node of an instance is called in the registry, and by what its nodes of earlier lives are known again. Pure.
//
//   web_10.0.0.1_80                     the usual one
//   web_10.0.0.1_80_0000000042          sequential: the ten digits are ZooKeeper's
//   base64_128_eyJhdm...fQ==_3141592653 path-encoded; the digits are the instance's, the same in all its lives
//   base64_128_eyJhdm...fQ==_0000000042 path-encoded and sequential
#pragma once

#include <optional>
#include <string>

#include "common/registration/registration.h"
#include "nerve/report/report_config.h"

namespace nerve {

// Two reporters with one place recognise each other's nodes: the one takes over from the other in one transaction.
[[nodiscard]] std::string place_of_node(NodeForm form, const std::string& instance);

class NodeNames {
 public:
  // `instance`: its readable name. Of `record` host, port and name count.
  NodeNames(NodeForm form, std::string instance, const common::Registration& record);

  // It is the same whatever is reported.
  bool fixed() const { return !form_.sequential && !form_.path_encoded; }
  // For this report; of a sequential node what stands before ZooKeeper's digits.
  std::string of(const common::Registration& record) const;
  // A child of this name is a node of this instance, of this life or an earlier one, also where that gave it another
  // form. Only what is path-encoded and sequential is known to nobody but its like: its name does not say whose it is.
  bool recognises(const std::string& child) const;

 private:
  NodeForm form_;
  std::string instance_;
  std::string host_;
  int port_;
  std::string name_;
};

// By what the names of two nodes tell, of any form, that they are one instance's. Nothing tells it of one that is both
// path-encoded and sequential and one that is not. True for two others once in ten thousand million times.
class InstanceMark {
 public:
  explicit InstanceMark(const std::string& child);
  bool same_as(const InstanceMark& other) const;

 private:
  std::string digits_;
  std::optional<common::Registration> record_;  // of a path-encoded one
};

}  // namespace nerve
