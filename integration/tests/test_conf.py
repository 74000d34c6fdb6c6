"""The files in conf/, which people copy: they are good, and say what is so."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from harness.build import sanitized
from harness.configs import check, nerve, nerve_service, synapse, synapse_service
from harness.ports import free_port
from harness.sandbox import BUILD, ROOT, binary

CONF = os.path.join(ROOT, "conf")


def text_of(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def run(*command, **keys):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **keys)


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_an_example_is_a_good_configuration(program):
    checked = run(binary(program), "--check", "--strict", os.path.join(CONF, "examples", f"{program}.yml"))
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The prefix of an installation."""
    prefix = tmp_path_factory.mktemp("installed") / "usr"
    done = run("cmake", "--install", BUILD, "--prefix", str(prefix))
    assert done.returncode == 0, done.stderr
    return str(prefix)


def test_an_installation_has_programs_units_and_examples(installed):
    found = {
        os.path.relpath(os.path.join(directory, name), installed)
        for directory, _, names in os.walk(installed)
        for name in names
    }
    documents = "share/doc/nerve-synapse"
    assert {
        "bin/nerve",
        "bin/synapse",
        "lib/systemd/system/nerve.service",
        "lib/systemd/system/synapse.service",
        "lib/sysusers.d/nerve-synapse.conf",
        f"{documents}/README.md",
        f"{documents}/SECURITY.md",
        f"{documents}/examples/nerve.yml",
        f"{documents}/examples/synapse.yml",
        f"{documents}/kubernetes/pod.yml",
        f"{documents}/prometheus/nerve-synapse.rules.yml",
    } <= found
    assert run(os.path.join(installed, "bin", "nerve"), "-V").stdout.startswith("nerve ")


def unit_of(installed, program):
    return os.path.join(installed, "lib/systemd/system", f"{program}.service")


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_a_unit_is_good_and_closes_what_it_can(installed, program):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    unit = unit_of(installed, program)
    with open(unit, encoding="utf-8") as file:
        text = file.read()
    assert f"ExecStart={installed}/bin/{program} /etc/{program}/{program}.yml" in text and "@BIN@" not in text
    verified = run("systemd-analyze", "verify", unit)
    assert verified.returncode == 0
    assert f"{program}.service" not in verified.stderr
    # In tenths; 10 is what systemd calls safe for a program that needs no network at all.
    closed = run("systemd-analyze", "security", "--offline=true", "--threshold=18", unit)
    assert closed.returncode == 0, closed.stdout


def test_the_units_users_can_be_made(installed):
    if shutil.which("systemd-sysusers") is None:
        pytest.skip("there is no systemd-sysusers")
    made = run("systemd-sysusers", "--dry-run", os.path.join(installed, "lib/sysusers.d/nerve-synapse.conf"))
    assert made.returncode == 0, made.stderr
    for program in ("nerve", "synapse"):
        assert f"User={program}\n" in text_of("conf", "systemd", f"{program}.service.in")
        assert f"u {program} " in text_of("conf", "systemd", "nerve-synapse.sysusers.conf")


def instructions(text):
    """(instruction, arguments) of a container file."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def stages(text):
    """name of a stage -> (what it begins with, its instructions)."""
    found = {}
    for word, rest in instructions(text):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = (base, [])
        elif found:
            found[name][1].append((word, rest))
    return found


def packages_in(steps):
    words = set()
    for word, rest in steps:
        for command in rest.split("&&") if word == "RUN" else []:
            if "apt-get install" in command:
                words |= {each for each in command.split("install", 1)[1].split() if not each.startswith("-")}
    return words


def test_the_container_file_copies_what_is_there_and_installs_what_setup_does():
    built = stages(text_of("conf", "container", "Containerfile"))
    for word, rest in built["build"][1]:
        if word == "COPY":
            for path in rest.split()[:-1]:
                assert os.path.exists(os.path.join(ROOT, path)), path
    wanted = re.search(r"^packages=\((.*?)\)", text_of("integration", "setup.sh"), re.MULTILINE | re.DOTALL)[1].split()
    ours = packages_in(built["build"][1])
    assert ours - {"libboost1.81-dev"} <= set(wanted)
    assert {name for name in wanted if name.endswith("-dev")} <= ours
    for name in ("nerve", "synapse"):
        base, steps = built[name]
        assert base == "base"
        assert ("USER", "10001:10001") in steps
        assert ("ENTRYPOINT", f'["/usr/bin/{name}"]') in steps
        assert ("COPY", f"--from=build /stage/usr/bin/{name} /usr/bin/{name}") in steps
        assert ("HEALTHCHECK", f'CMD ["/usr/bin/{name}", "health"]') in steps
    assert "-DCMAKE_INSTALL_PREFIX=/usr " in text_of("conf", "container", "Containerfile")


def libraries_of(program):
    """What the loader needs, and what is loaded when a check needs it."""
    needed = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", binary(program)).stdout)
    if program == "nerve":
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            needed += set(re.findall(r"_SONAME=[\\\"]*([\w.+-]+)", file.read()))
    return needed


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_the_container_has_every_library(program):
    if 'VERSION_CODENAME=bookworm' not in open("/etc/os-release", encoding="utf-8").read():
        pytest.skip("the container is Debian 12's")
    if sanitized():
        pytest.skip("a sanitizer is no library of the container's")
    built = stages(text_of("conf", "container", "Containerfile"))
    offered = packages_in(built["base"][1]) | packages_in(built[program][1])
    offered |= {"libc6", "libstdc++6", "libgcc-s1"}  # apt's own
    libraries = libraries_of(program)
    assert len(libraries) >= 8
    for library in libraries:
        # Some are known to dpkg by where they were before /usr was merged.
        owners = {line.split(":")[0] for line in run("dpkg", "-S", f"*/{library}").stdout.splitlines()}
        assert owners & offered, f"{library} is in {owners}"


def test_the_pod_is_locked_and_its_probes_can_be_run():
    pod = yaml.safe_load(text_of("conf", "kubernetes", "pod.yml"))["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    containers = pod["initContainers"] + pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for container in containers:
        assert container["securityContext"] == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        for mount in container.get("volumeMounts", []):
            assert mount.get("readOnly", False) == ("configMap" in volumes[mount["name"]])
    by_name = {container["name"]: container for container in containers}
    for program in ("nerve", "synapse"):
        probes = [by_name[program][key] for key in ("startupProbe", "livenessProbe") if key in by_name[program]]
        for probe in probes:
            path, *arguments = probe["exec"]["command"]
            assert path == f"/usr/bin/{program}"
            assert run(binary(program), *arguments, "--help").returncode == 0
        assert f"/run/{program}" in [mount["mountPath"] for mount in by_name[program]["volumeMounts"]]
    assert int(by_name["web"]["lifecycle"]["preStop"]["exec"]["command"][-1]) < pod["terminationGracePeriodSeconds"]


def test_the_alerts_name_metrics_that_there_are(sandbox, registry):
    rules = yaml.safe_load(text_of("conf", "prometheus", "nerve-synapse.rules.yml"))
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    names = {name for text in expressions for name in re.findall(r"\b(?:nerve|synapse)_\w+", text)}
    assert len(names) > 8
    announcer = sandbox.nerve(nerve(nerve_service(free_port(), registry, checks=[check()])))
    router = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
    told = announcer.get("/metrics")[1] + router.get("/metrics")[1]
    documents = text_of("nerve", "README.md") + text_of("synapse", "README.md")
    for name in names:
        family = re.sub(r"_bucket$", "", name)
        assert f"# TYPE {family} " in told or re.search(rf"`{family}\b", documents), name
    # A label that an alert's text shows is one that the metric has.
    for name, label in {"nerve_limit_hit_total": "limit", "synapse_limit_hit_total": "limit"}.items():
        assert f"{name}{{{label}=" in told


def test_probes_answer_for_the_programs(sandbox, registry):
    announcer = sandbox.nerve(nerve(nerve_service(free_port(), registry)))
    router = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
    assert sandbox.nerve_command("health", "--api", f"127.0.0.1:{announcer.api_port}").returncode == 0
    for command in ("health", "ready"):
        asked = sandbox.synapse_command(command, "--api", f"127.0.0.1:{router.api_port}")
        assert asked.returncode == 0, asked.stderr
    json.loads(asked.stdout)
    assert sandbox.nerve_command("health", "--api", f"127.0.0.1:{free_port()}").returncode == 3
    assert sandbox.synapse_command("ready", "--api", f"127.0.0.1:{free_port()}").returncode == 3


def limits():
    """Name of each limit -> the programs that have it."""
    rows = re.findall(r'LimitRow\{Limit::\w+, "(\w+)", In::(\w+)\}', text_of("common", "limits", "limits.cc"))
    assert rows
    return {name: ["nerve", "synapse"] if programs == "both" else [programs] for name, programs in rows}


def section(text, title):
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_each_limit_is_explained_and_shown(sandbox, registry):
    announcer = sandbox.nerve(nerve(nerve_service(free_port(), registry)))
    router = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
    shown = {"nerve": announcer.get("/metrics")[1], "synapse": router.get("/metrics")[1]}
    for name, programs in limits().items():
        for program in programs:
            metric = f'{program}_limit_hit_total{{limit="{name}"}}'
            assert metric in section(text_of(program, "README.md"), "Limits")
            assert f"{metric} " in shown[program]


def test_the_proofs_that_security_md_names_are_there():
    text = text_of("SECURITY.md")
    files = {
        name
        for room in ("common", "nerve", "synapse", "integration")
        for _, _, names in os.walk(os.path.join(ROOT, room))
        for name in names
    }
    proofs = set(re.findall(r"`(test_\w+|\w+_test\.cc|model_test\.cc)`", text))
    assert len(proofs) > 10
    for proof in proofs:
        assert proof in files or f"{proof}.py" in files, proof
    for path in re.findall(r"\]\(([\w/.]+)\)", text):
        assert os.path.exists(os.path.join(ROOT, path)), path
