"""No attack of the escape suite gets anything out of any tier that this machine can build, as root and as a normal user."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from curricula.sandbox import tiers
from tests.curricula.sandbox.attacks import ATTACKS

ROOT = Path(__file__).parents[3]
SOMEBODY = 12345  # a user id without an account
USERS = ("this user", "a normal user") if os.geteuid() == 0 else ("this user",)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="every tier needs Linux")


@functools.cache
def python_for(user: str) -> str | None:
    """An interpreter that the user can start, with this repository in reach; the one running may lie in a private home."""
    if user == "this user":
        return sys.executable
    for python in (getattr(sys, "_base_executable", sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        look = [python, "-B", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import curricula.sandbox.tiers; sys.exit(sys.version_info < (3, 11))", str(ROOT)]
        try:
            if subprocess.run(look, user=SOMEBODY, group=SOMEBODY, extra_groups=[], cwd="/", capture_output=True, timeout=60, check=False).returncode == 0:
                return python
        except OSError:
            continue
    return None


@functools.cache
def outcome(user: str, tier: str) -> dict[str, list[str]] | str:
    """What leaked, or why nothing could be tried."""
    python = python_for(user)
    if python is None:
        return "a normal user can't reach a Python 3.11 and this repository here"
    as_whom = {} if user == "this user" else {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []}
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); from curricula.sandbox import tiers; from tests.curricula.sandbox.attacks import assault\n"
        "info = tiers.probe(sys.argv[2]); print(json.dumps(assault(sys.argv[2]) if info.holds else info.why))"
    )
    done = subprocess.run([python, "-B", "-c", code, str(ROOT), tier], cwd="/", capture_output=True, text=True, timeout=240, check=False, **as_whom)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found if isinstance(found, dict) else f"{tier} does not hold here: {found}"


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("tier", tiers.TIERS)
@pytest.mark.parametrize("user", USERS)
def test_nothing_gets_out(user: str, tier: str, attack: str) -> None:
    leaks = outcome(user, tier)
    if isinstance(leaks, str):
        pytest.skip(leaks)
    assert leaks[attack] == []
