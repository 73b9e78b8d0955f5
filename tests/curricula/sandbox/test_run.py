"""What a caller of the sandbox can rely on: bytes and an end, or nothing was run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from curricula.sandbox import launcher, syscalls, tiers
from curricula.sandbox.run import Limits, NoSandbox, Program, run

needs_sandbox = pytest.mark.skipif(tiers.in_force() is None, reason=f"no tier holds here: {tiers.why_none()}")


@needs_sandbox
def test_a_program_gets_its_data_and_its_bytes_come_back() -> None:
    ended = run(Program("import os, json; os.write(writer, json.dumps(sum(payload)).encode())", [1, 2, 3]))
    assert (ended.data, ended.is_clean) == (b"6", True)


@needs_sandbox
@pytest.mark.parametrize(
    ("source", "how", "code"),
    [
        ("raise SystemExit(3)", "exit", 3),
        ("1/0", "exit", 1),
        ("def (", "exit", 1),
        ("import os; os._exit(0)", "exit", 0),
        ("import ctypes; ctypes.string_at(0)", "signal", 11),
    ],
)
def test_how_it_ended_is_told_by_the_launcher(source: str, how: str, code: int) -> None:
    ended = run(Program(source))
    assert (ended.how, ended.code, ended.data) == (how, code, b"")


@needs_sandbox
def test_much_of_the_standard_library_works_in_there() -> None:
    modules = "asyncio bisect collections concurrent.futures copy dataclasses datetime decimal fractions functools hashlib heapq itertools json math random re sqlite3 statistics string tempfile threading typing unittest uuid zlib zoneinfo"
    source = """
import importlib, os, json
failed = []
for name in payload:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed.append(f"{name}: {error}")
import asyncio, tempfile, threading
async def add(a, b):
    await asyncio.sleep(0.001)
    return a + b
failed += [] if asyncio.run(add(1, 2)) == 3 else ["asyncio"]
with tempfile.TemporaryFile() as file:
    file.write(b"x")
thread = threading.Thread(target=failed.append, args=("thread ran",))
thread.start(); thread.join()
os.write(writer, json.dumps(failed).encode())
"""
    if tiers.in_force() == "landlock":
        source = source.replace("tempfile.TemporaryFile()", "open('/dev/null', 'wb')")
    ended = run(Program(source, modules.split()))
    assert json.loads(ended.data) == ["thread ran"]


@needs_sandbox
def test_two_programs_talk_and_share_nothing() -> None:
    asking = "import os; os.write(payload['partner_writer'], b'question'); said = os.read(reader, 100); os.write(writer, said + b' ' + str('secret' in globals()).encode())"
    answering = "import os; secret = 1; said = os.read(reader, 100); os.write(writer, said[::-1])"
    assert run(Program(asking, {}), partner=Program(answering)).data == b"noitseuq False"


@needs_sandbox
def test_a_partner_that_dies_is_an_end_of_file_and_one_that_hangs_costs_the_time() -> None:
    asking = "import os; os.write(writer, b'gone' if os.read(reader, 100) == b'' else b'there')"
    assert run(Program(asking, {}), partner=Program("import os; os._exit(0)")).data == b"gone"
    assert run(Program(asking, {}), partner=Program("while True: pass"), limits=Limits(wall_s=0.5)).how == "timeout"


@needs_sandbox
def test_runs_from_many_threads_do_not_mix_and_leave_no_descriptors() -> None:
    run(Program("pass"))
    before = len(os.listdir("/proc/self/fd"))
    found: dict[int, bytes] = {}

    def one(i: int) -> None:
        found[i] = run(Program("import os; os.write(writer, str(payload).encode())", i)).data

    threads = [threading.Thread(target=one, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: str(i).encode() for i in range(8)}
    assert len(os.listdir("/proc/self/fd")) == before


def test_without_a_tier_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tiers, "_tried", lambda: tuple(tiers.TierInfo(name, False, "not here") for name in tiers.TIERS))
    started = []
    monkeypatch.setattr("subprocess.Popen", lambda *arguments, **_: started.append(arguments))
    with pytest.raises(NoSandbox, match="not run"):
        run(Program("1"))
    assert started == []


@needs_sandbox
@pytest.mark.parametrize("tier", [info.name for info in map(tiers.probe, tiers.TIERS) if info.holds])
def test_when_the_kernel_refuses_one_step_nothing_runs(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tiers.command(tier)
    for step in ("lockdown.set_limits", "lockdown.kernel.keep_capabilities", "lockdown.kernel.landlock", "lockdown.kernel.install_filter"):
        broken = f"import curricula.sandbox.{step.split('.')[0]} as room; import curricula.sandbox.launcher\ndef refuse(*a, **k): raise OSError('{step} refused')\nroom.{step.partition('.')[2]} = refuse\n"
        code = real[-1].replace("from curricula", broken + "from curricula").replace("; import curricula", "\nimport curricula", 1)
        monkeypatch.setattr(tiers, "command", lambda _, code=code: [*real[:-1], code.replace("; from", "\nfrom")])
        with pytest.raises(NoSandbox) as error:
            run(Program("import os; os.write(writer, b'ran')"), tier=tier)
        assert "refused" in error.value.where


def test_a_machine_of_unknown_numbers_has_no_filter() -> None:
    with pytest.raises(OSError, match="riscv64"):
        syscalls.filter_for("riscv64")
    assert {len(step) for step in syscalls.filter_for("aarch64")} == {4}


def test_the_launcher_needs_nothing_but_the_standard_library() -> None:
    for name in ("kernel", "syscalls", "jail", "lockdown", "launcher"):
        text = (Path(launcher.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))} - {"__future__", "curricula"}
        assert imported <= sys.stdlib_module_names
        assert set(re.findall(r"^from curricula\.(\w+)", text, re.M)) <= {"sandbox"}


@needs_sandbox
@pytest.mark.parametrize("tier", [info.name for info in map(tiers.probe, tiers.TIERS) if info.holds])
def test_when_we_are_killed_the_jail_dies_too(tier: str) -> None:
    running = f"""
from curricula.sandbox.run import Limits, Program, run
run(Program("import time\\nwhile True: time.sleep(0.01)"), limits=Limits(wall_s=60, cpu_s=60), tier={tier!r})
"""
    watching = f"""
import ctypes, os, pathlib, signal, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # what is orphaned becomes our child
def children():
    return [int(pid) for task in pathlib.Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
ours = subprocess.Popen([sys.executable, "-c", {running!r}])
deadline = time.time() + 20
def jailed():
    return [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if b"sandbox.launcher" in p.read_bytes() and str(ours.pid) in (p.parent / "stat").read_text().rpartition(")")[2].split()[1]]
while not jailed() and time.time() < deadline:
    time.sleep(0.02)
started = bool(jailed())
time.sleep(0.3)
ours.kill(); ours.wait()
while children() and time.time() < deadline:
    for pid in children():
        os.waitpid(pid, os.WNOHANG)
    time.sleep(0.02)
print(started, children())
"""
    done = subprocess.run([sys.executable, "-c", watching], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": tiers.HOME})
    assert done.stdout.strip() == "True []", done.stderr
