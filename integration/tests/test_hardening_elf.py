"""What the compiler and the linker have done against faults in memory, read from the programs that are shipped."""

import os
import re
import subprocess

import pytest

from harness import sanitizers
from harness.build import setting
from harness.sandbox import BUILD, binary

pytestmark = pytest.mark.skipif(
    setting("CMAKE_BUILD_TYPE") != "Release" or sanitizers.ANY,
    reason="only what is shipped is hardened: the preset release",
)


@pytest.fixture(params=["nerve", "synapse"])
def program(request):
    return binary(request.param)


def read(*command):
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}
    ).stdout


def test_addresses_are_the_loaders_choice_and_its_tables_are_read_only(program):
    assert re.search(r"Type:\s+DYN \(Position-Independent Executable", read("readelf", "-hW", program))
    dynamic = read("readelf", "-dW", program)
    assert re.search(r"\(FLAGS\).*BIND_NOW", dynamic) and re.search(r"\(FLAGS_1\).*NOW.*PIE", dynamic)
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic, "libraries would be looked for where others may write"
    assert "TEXTREL" not in dynamic
    assert "GNU_RELRO" in read("readelf", "-lW", program)


def test_no_page_is_both_written_and_executed(program):
    segments = [line.split() for line in read("readelf", "-lW", program).splitlines()]
    flags = {words[0]: "".join(words[6:-1]) for words in segments if words and words[0] in ("LOAD", "GNU_STACK")}
    assert flags["GNU_STACK"] == "RW"
    loads = ["".join(words[6:-1]) for words in segments if words and words[0] == "LOAD"]
    assert loads and all(not ("W" in load and "E" in load) for load in loads)


def test_overruns_of_buffers_end_the_program(program):
    symbols = read("readelf", "--dyn-syms", "-W", program)
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__(read|mem\w+|\w*printf|recv\w*)_chk", symbols), "_FORTIFY_SOURCE is not in force"
    assert "_ZSt21__glibcxx_assert_fail" in symbols, "the standard library's assertions are not in"


def test_jumps_land_where_they_may(program):
    machine = read("readelf", "-hW", program)
    code = read("objdump", "-d", "--no-show-raw-insn", program)
    if "X86-64" in machine:
        # Debian's own start files have no such note, so the linker leaves it out of the program; the code has the marks.
        assert code.count("endbr64") > 1000
    elif "AArch64" in machine:
        assert re.search(r"\b(bti|paciasp)\b", code)
    else:
        pytest.skip("not known for this machine")


def test_all_of_the_project_is_compiled_so():
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        commands = re.findall(r'"command": "(.*)"', file.read())
    assert len(commands) > 100
    for flag in (
        "-fstack-protector-strong",
        "-fstack-clash-protection",
        "-D_FORTIFY_SOURCE=3",
        "-D_GLIBCXX_ASSERTIONS",
        "-Werror=format-security",
        "-ftrivial-auto-var-init=zero",
        "-fPIE",
        "-O2",
    ):
        without = [command.split()[-1] for command in commands if flag not in command.split()]
        assert not without, f"{flag} is missing"
