// A node of the registry: its name, the name of the endpoint that is wanted, its data. Anybody who can write there is
// the author.
#include "common/fuzz/target.h"
#include "common/registration/registration.h"
#include "common/registration/validate.h"

namespace {

using common::Registration;
using common::fuzz::has_control;
using common::fuzz::made_of;
using common::fuzz::must;

void nothing_for_haproxy_to_interpret(const Registration& record) {
  must(!record.name.empty() && record.name.size() <= 200 && made_of(record.name, "_.:-"), "name", record.name);
  must(!record.host.empty() && record.host.size() <= 254 && made_of(record.host, "_.:-"), "host", record.host);
  must(record.port >= 1 && record.port <= 65535, "port");
  must(!record.weight || (*record.weight >= 0 && *record.weight <= 256), "weight");
  must(record.id.size() <= 64 && made_of(record.id, "_.:-"), "id", record.id);
  const auto words = common::parse_server_options(record.haproxy_server_options);
  must(words.has_value() && words->size() <= 64, "options", record.haproxy_server_options);
  for (const auto& word : *words) must(!word.empty() && made_of(word, "_.:-/,"), "word of the options", word);
}

void bounded(const Registration& record) {
  must(record.unavailable_reason.size() <= 503 && !has_control(record.unavailable_reason), "reason");
  must(record.labels.size() <= 64, "number of labels");
  for (const auto& [key, value] : record.labels) {
    must(!key.empty() && key.size() <= 128 && !has_control(key), "name of a label", key);
    must(value.size() <= 1024 && !has_control(value), "value of a label", value);
  }
}

void same_again(const Registration& record) {
  // A reason that was cut is not cut at the same place twice.
  if (record.unavailable_reason.size() > 500) return;
  const auto text = common::encode(record);
  must(!has_control(text), "one line", text);
  const auto again = common::decode("", text);
  must(again.has_value() && *again == record, "what is written is what is read", text);
  if (text.size() > 64 * 1024) return;
  const auto name = common::encode_into_name(record);
  must(made_of(name, "_-="), "characters of an encoded name", name);
  for (const auto& child : {name + "0000000001", name + "-2147483647"}) {
    must(common::is_path_encoded(child), "a name that carries its record", child);
    const auto from_name = common::decode(child, "of no interest");
    must(from_name.has_value() && *from_name == record, "what is written into a name", child);
  }
}

}  // namespace

FUZZ_TARGET(record) {
  common::fuzz::Input input(bytes);
  const auto child = input.piece();
  const auto endpoint = input.piece();
  const auto record = common::decode(child, input.rest(), endpoint);
  if (common::is_path_encoded(child)) must(record == common::decode(child, "", endpoint), "the name counts");
  if (!record) {
    const auto& words = record.error().message;
    must(!words.empty() && words.size() <= 700 && !has_control(words), "an error for a log", words);
    return;
  }
  nothing_for_haproxy_to_interpret(*record);
  bounded(*record);
  same_again(*record);
  const auto node = common::node_name(record->name, record->host, record->port);
  must(made_of(node, "_.:-") && node.size() < 500, "name of a node", node);
}
