"""A registry full of what nobody should write there: what it does to HAProxy, to synapse, and to what synapse tells."""

import itertools
import json
import os
import random
import re

from harness import web
from harness.configs import synapse, synapse_service
from harness.dns import NameServer
from harness.hostile import descriptors, memory
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import Load
from harness.zookeeper import Registry, record

SEED = int(os.environ.get("HOSTILE_SEED", "20261125"))
MEGABYTE = 1 << 20
FLOOD = 100_000
USED_OF_A_PATH = 20_000
NEVER_SERVED = 9  # a port that nobody serves
SERVER_LINE = re.compile(r" +server [!-~]+ 127\.0\.0\.1:\d+ weight \d+ (enabled|disabled)")

# What the attacker would have HAProxy, a terminal, a log or a reader of JSON see. Each holds the word that nobody may find.
POISONS = [
    "attacker\n  server attacker 127.0.0.1:9",
    "attacker\r\nbackend attacker",
    "\nglobal\n  user attacker\n",
    "attacker\0",
    'attacker"',
    "attacker'",
    "attacker`id`",
    "$attacker",
    "${attacker}",
    "%[env(attacker)]",
    "attacker\\",
    "attacker\\n",
    "attacker # rest",
    "attacker check",
    "attacker\ttab",
    "unix@attacker",
    "abns@attacker",
    "fd@attacker",
    "ipv4@attacker",
    "ipv6@attacker",
    "/tmp/attacker.sock",
    "../../attacker",
    "*attacker",
    "attacker/attacker",
    "attacker;show info",
    "<<attacker\n",
    "{{.attacker}}",
    "{{Labels.attacker}}",
    "attacker\x1b[2Jx",
    "attacker\x9b2Jx",
    "attacker\u202egpj",
    "attacker\u2028x",
    "attacker\ufeff",
    "attacker" + "x" * 5000,
    "àttacker-attacker",
]
FIELDS = ["name", "host", "haproxy_server_options", "unavailable_reason", "id", "haproxy_server_id", "label", "label value", "port", "weight"]

# Names and addresses that are good in themselves, and what HAProxy's own words and other people's addresses can be used for.
WORDS = ["server", "backend", "global", "defaults", "listen", "default-server", "no", "option", "-", "..", ":", "0"]
HOSTS = ["0.0.0.0", "::", "::ffff:0.0.0.0", "0", "127.1", "0x7f.0.0.1", "2130706433", "10.0.0.1%eth0", "fe80::1%lo",
         "[::1]", "127.0.0.1:9", "attacker host", " 127.0.0.1", "127.0.0.1 ", "-attacker", "attacker-", "a..b", ""]
PORTS = [0, -1, 65536, 1e3, 80.5, 2**64, -(2**63), "80 check", " 80", "+80", "0x50", "8e1", "", True, None, [80], {"a": 80}]
WEIGHTS = [-1, 1.5, "attacker", True, [1], -(2**70)]
OPTIONS = ["source 10.0.0.1", "resolvers x", "init-addr last", "track a/b", "crt /etc/shadow", "ca-file /etc/passwd", "redir http://x",
           "addr 10.0.0.9", "agent-send x", "set-proxy-v2-tlv-fmt(0x20) x", "usesrc client", "namespace x", "disabled", "check inter 1ms",
           "weight 256", "maxconn -5", "check " * 100, "no-check", "proto h2", "observe layer9", "ssl", "cookie a\\ b", "sni str(a)"]


def disabled(**fields):
    """A record that may be taken, but must not be given requests."""
    return {"name": "evil", "host": "127.0.0.1", "port": NEVER_SERVED, "available": False, **fields}


def with_poison(field, poison):
    content = disabled()
    if field == "label":
        content["labels"] = {poison: "x"}
    elif field == "label value":
        content["labels"] = {"x": poison}
    else:
        content[field] = poison
    return content


def refused_records():
    """Data that is good but for one field, which nobody may take."""
    contents = [disabled(host=host) for host in HOSTS]
    contents += [disabled(port=port) for port in PORTS]
    contents += [disabled(weight=weight) for weight in WEIGHTS]
    contents += [disabled(haproxy_server_options=options) for options in OPTIONS]
    return [json.dumps(content).encode() for content in contents]


def evil_records():
    """Data of each, in an order that the seed gives."""
    contents = [with_poison(field, poison) for field, poison in itertools.product(FIELDS, POISONS)]
    contents += [disabled(name=word, port=NEVER_SERVED + i) for i, word in enumerate(WORDS)]
    contents += [disabled(labels=labels) for labels in ("x", ["x"], {"a": {"b": "c"}}, {f"l{i}": "x" for i in range(100)})]
    data = [json.dumps(content, ensure_ascii=number % 2 == 0).encode("utf-8", "surrogatepass") for number, content in enumerate(contents)]
    data += refused_records()
    data += [
        b"",
        b"attacker",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"host":"127.0.0.1","port":9,"x":' + b"[" * 20 + b"]" * 20 + b"}",
        b'{"name":"attacker","name":"evil","host":"127.0.0.1","port":9}',
        b'{"name":"attacker\xff","host":"127.0.0.1","port":9}',
        b'{"name":"attacker\xc0\xaf","host":"127.0.0.1","port":9}',
        b'{"name":"attacker\xed\xa0\x80","host":"127.0.0.1","port":9}',
        b'\xef\xbb\xbf{"name":"attacker","host":"h","port":0}',
        b'{"name":"attacker","host":"127.0.0.1","port":9}{"name":"b"}',
        b'{"name":"attacker","host":"127.0.0.1","port":09}',
        b'{"name":"attacker","host":"127.0.0.1","port":1e400}',
        b'{"name":"' + b"attacker" * 125_000 + b'","host":"127.0.0.1","port":9}',
        b'{"x":"' + b"y" * 1_000_000 + b'"}',
        b'{"serviceEndpoint":{"host":"attacker\\n","port":9},"status":"ALIVE","additionalEndpoints":{}}',
        b'{"serviceEndpoint":{"host":"127.0.0.1","port":9},"status":"attacker\\u001b[2J","shard":"x"}',
        b'{"serviceEndpoint":[],"host":null}',
    ]
    random.Random(SEED).shuffle(data)
    return data


def evil_children(count):
    """Names of nodes as ZooKeeper takes them: it refuses control characters, and little else."""
    base = ["attacker\u202egpj", "attacker%2f..%2f", "attacker server x", "attacker$HOME", 'attacker"', "base64_9_attacker=_0000000001",
            "base64_8_eyJhIjox_0000000001", "attacker#x", "attacker'", "attacker\\n", "attacker{{x}}", "attacker\u200f"]
    return base + [f"evil_{number:010d}" for number in range(count - len(base))]


def put_all(registry, pairs):
    registry.client.ensure_path(registry.path)
    as_bytes = lambda data: data if isinstance(data, bytes) else data.encode()  # noqa: E731
    for future in [registry.client.create_async(f"{registry.path}/{child}", as_bytes(data)) for child, data in pairs]:
        future.get(timeout=60)


def assert_well_formed(program):
    """Everything that it tells is one, and bounded."""
    services = web.request(program.api_port, "/services", timeout=30)
    assert services[0] == 200
    json.loads(services[1])
    json.loads(web.request(program.api_port, "/events", timeout=30)[1])
    metrics = web.Metrics(web.request(program.api_port, "/metrics", timeout=30)[1])  # which reads every line
    assert "attacker" not in metrics.text and "evil" not in metrics.text, "labels are the configuration's"
    with open(program.log_path, "rb") as file:
        log = file.read()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]", log)
    log.decode("utf-8")
    for line in log.decode("utf-8").splitlines():
        assert len(line) < 1500, line
    return metrics


def test_evil_records_reach_nothing(sandbox, registry):
    good = {name: sandbox.backend(name) for name in ("a", "b")}
    for name, backend in good.items():
        registry.add(name, backend.port)
    port = free_port()
    service = synapse_service(registry, port, name="web")
    program = sandbox.synapse(synapse(service)).await_ready()
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    before = memory(program)
    worker = program.runtime.worker_pid()
    data = evil_records()
    children = evil_children(len(data) + 20)
    loop = [record("loop", port), record("loop", port, host="localhost")]
    twins = [record("a", good["a"].port), record("a", good["b"].port), record("evil", good["a"].port, available=False)]
    with Load(port) as load:
        records = list(zip(children, [*(text.encode() for text in [*loop, *twins]), *data]))
        put_all(registry, records)
        rejected = lambda: program.metrics().value("synapse_record_rejected_total", service="web")  # noqa: E731
        eventually(lambda: rejected() > len(POISONS) * 5, 60)
        registry.add("c", sandbox.backend("c").port)
        eventually(lambda: "c" in program.runtime.names_in_rotation("web"), 60, "good servers still come")
        always(lambda: {"a", "b", "c"} <= program.runtime.names_in_rotation("web"), 2, interval=0.2)
        config = eventually(lambda: "server c " in program.haproxy_config() and program.haproxy_config(), 60)
        state = program.runtime.command("show servers state")
    assert load.failures == [] and {"a", "b"} <= set(load.answers)
    assert "attacker" not in config + state and "\x1b" not in config + state
    sections = re.findall(r"^(\w[^\n]*)$", config, re.MULTILINE)
    assert sorted(line.split()[0] for line in sections if not line.startswith("#")) == ["backend", "defaults", "frontend", "global"]
    servers = [line for line in config.splitlines() if line.split()[:1] == ["server"]]
    assert len(servers) > len(WORDS)
    assert [line for line in servers if not SERVER_LINE.fullmatch(line)] == []
    assert not any(f":{port} " in line for line in servers)
    assert program.runtime.worker_pid() == worker, "nothing of it was worth a reload"
    assert memory(program) - before < 40 * MEGABYTE
    assert_well_formed(program)
    assert len(program.log().splitlines()) < 400
    # Every one of them can be asked for, and says why.
    status, text = program.get("/services/web", timeout=30)
    shown = json.loads(text)
    kinds = {each["record"]: each["kind"] for each in shown["leftOut"]}
    refused = set(refused_records())
    taken = [(child, content) for child, content in records if content in refused and kinds.get(child) != "invalid"]
    assert not taken, taken[:5]
    assert sum(content in refused for _, content in records) >= len(refused)
    known = set(kinds)
    known |= {each["wanted"]["record"] for each in shown["servers"] if each["wanted"]}
    for each in random.Random(SEED).sample(shown["leftOut"], 30):
        assert each["why"]
        path = "/explain/web/" + "".join(f"%{byte:02x}" for byte in each["record"].encode())
        found = json.loads(web.request(program.api_port, path, timeout=30)[1])[0]
        assert not found["in"] and found["kind"] == each["kind"] and found["why"], each
    unread = set(registry.names()) - known
    assert not unread, f"{len(unread)} are neither in nor left out: {sorted(unread)[:5]}"


def test_a_flood_of_records_is_bounded(sandbox):
    """A hundred thousand children in one path."""
    registry = Registry(sandbox.zookeeper(), "/services/flood")
    try:
        registry.add("a", sandbox.backend("a").port)
        registry.add("b", sandbox.backend("b").port)
        port = free_port()
        program = sandbox.synapse(synapse(synapse_service(registry, port, name="web", maxServers=20))).await_ready()
        eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
        client = registry.server.client(timeout=60.0)  # a busy machine must not end it
        with Load(port) as load:
            for start in range(0, FLOOD, 500):
                transaction = client.transaction()
                for number in range(start, start + 500):
                    host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
                    data = record("f", NEVER_SERVED, host=host, available=False)
                    transaction.create(f"{registry.path}/x{number:x}", data.encode())
                assert all(isinstance(result, str) for result in transaction.commit())
            eventually(
                lambda: program.metrics().value("synapse_service_excess_servers", service="web") == USED_OF_A_PATH - 20,
                120,
                "as many are read as are used",
                interval=1,
            )
            eventually(lambda: program.get("/health", timeout=10)[0] == 200, 30)
        assert load.failures == []
        assert program.runtime.names_in_rotation("web") == {"a", "b"}
        assert len(program.runtime.servers("web")) <= 20
        assert memory(program) < 100 * MEGABYTE, "what conf/kubernetes/pod.yml allows it and its HAProxy is more than twice that"
        assert descriptors(program) < 100
        assert_well_formed(program)
        assert len(program.log().splitlines()) < 500
        assert "there are more than maxServers" in program.log()
        # Told when it begins, and whenever twice as many are left out.
        told = re.compile(rf"/services/flood has (\d+) nodes; {USED_OF_A_PATH} of them are used")
        left_out = lambda: int(told.findall(program.log())[-1]) - USED_OF_A_PATH  # noqa: E731
        eventually(lambda: 2 * left_out() > FLOOD + 2 - USED_OF_A_PATH, 60)
        assert program.metrics().value("synapse_limit_hit_total", limit="children") > 0
        shown = json.loads(web.request(program.api_port, "/services/web", timeout=30)[1])
        assert told.search(shown["trouble"])
        assert len(shown["leftOut"]) <= 10_000
    finally:
        registry.close()


def test_records_do_not_break_out_of_other_outputs(sandbox, registry):
    """Labels may hold any character but control characters: what is written is still JSON, and one line of a template a server."""
    labels = {'"},{"evil': '"]}', "quote": "'\"\\", "template": "{{#services}}{{name}}", "bidi": "\u202ex", "markup": "<!--"}
    registry.add("a", 1234, labels=labels, unavailable_reason='"\n}]')
    registry.add("b", 1235, labels={"line": "break\n"})
    where = synapse_service(registry, name="web")
    directory, rendered = sandbox.path("files"), sandbox.path("rendered")
    template = "{{#services}}{{#servers}}{{name}} {{address}} {{labels.template}}\n{{/servers}}{{/services}}"
    program = sandbox.synapse(
        {
            "routers": [
                {"type": "file", "outputDirectory": directory, "services": [where]},
                {"type": "template", "destinationFile": rendered, "template": template, "services": [where]},
                {"type": "console", "services": [where]},
            ]
        }
    ).await_ready()
    with open(f"{directory}/web.json", encoding="utf-8") as file:
        (server,) = json.load(file)
    assert (server["name"], server["labels"]) == ("a", labels)
    with open(rendered, encoding="utf-8") as file:
        assert file.read() == "a 127.0.0.1:1234 {{#services}}{{name}}\n", "a label is no template"
    lines = [line for line in program.log().splitlines() if line.startswith("{")]
    assert lines and all(json.loads(line) for line in lines)


def test_a_file_of_servers_is_not_trusted_either(sandbox):
    good, port, path = sandbox.backend("a"), free_port(), sandbox.path("servers.json")
    evil = [disabled(name=poison) for poison in POISONS] + [disabled(host=host) for host in HOSTS]
    with open(path, "w", encoding="utf-8") as file:
        json.dump([{"name": "a", "host": "127.0.0.1", "port": good.port}, *evil], file)
    watcher = {"type": "file", "path": path}
    program = sandbox.synapse(synapse({"watcher": watcher, "port": port, "name": "web"})).await_ready()
    eventually(lambda: web.request(port) == (200, "a"))
    assert "attacker" not in program.haproxy_config()
    assert_well_formed(program)


def test_what_a_name_server_says_is_not_trusted_either(sandbox):
    """A label of a DNS name may hold any byte."""
    names = NameServer()
    try:
        targets = ["attacker\n  server x.test", "attacker check.test", "$attacker.test", 'attacker".test', "attacker#.test", "unix@attacker.test"]
        good = sandbox.backend("a")
        names.addresses("good.test", "127.0.0.1")
        for target in targets:
            names.addresses(target, "127.0.0.1")
        names.services("_web._tcp.test", (0, 1, good.port, "good.test"), *((0, 1, 9, target) for target in targets))
        port = free_port()
        watcher = {"type": "dns", "srv": ["_web._tcp.test."], "nameservers": [names.place]}
        program = sandbox.synapse(synapse({"watcher": watcher, "port": port, "name": "web"})).await_ready()
        eventually(lambda: web.request(port) == (200, "a"))
        assert "attacker" not in program.haproxy_config()
        assert_well_formed(program)
    finally:
        names.close()
