"""The worker process: death, silence, orphans, secrets and chatter. No model is loaded here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from agent.student.client import WorkerStudent, worker_environment
from agent.student.contract import AnswerScore, BadAdapter
from probes.errors import WeakspotError


@pytest.fixture
def student(tmp_path: Path):
    with WorkerStudent(
        source_path=tmp_path, name="stub", weights_key="w", state_dir=tmp_path, module="tests.agent.student.stub_worker",
        heartbeat_timeout_s=8,
    ) as made:
        yield made


def order(student: WorkerStudent, *prompts: str) -> float:
    return student.effect("", "", prompts)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_one_worker_serves_many_jobs_and_ends_on_close(student):
    first, second = order(student, "pid"), order(student, "pid")
    assert first == second
    student.close()
    student.close()
    assert wait_until_gone(int(first))


def test_rollouts_and_scores_come_back_in_order(student):
    assert student.rollouts(["a", "ü\u2028"], 2, max_tokens=9, seed=7) == [["a 9 7 "] * 2, ["ü\u2028 9 7 "] * 2]
    assert student.answer_scores([("abc", "x"), ("a", "xy")]) == [AnswerScore(-3.0, 1.0), AnswerScore(-1.0, 2.0)]
    assert student.rollouts([], 8, max_tokens=9, seed=7) == [] == student.answer_scores([])
    with pytest.raises(BadAdapter):
        student.answer_scores([("a", "b")], "0" * 64)


def test_a_worker_that_dies_is_replaced_and_the_job_repeated(student, tmp_path):
    assert order(student, "die once", str(tmp_path / "mark")) == 0.5


def test_three_deaths_end_the_job_with_the_log(student, tmp_path):
    student.log_file.write_text("the last words\n")
    with pytest.raises(WeakspotError) as caught:
        order(student, "die")
    assert "died 3 times during 'effect': killed by SIGKILL" in str(caught.value)
    assert "the last words" in caught.value.where and caught.value.exit_code == 1
    assert order(student, "pid") > 0, "the next job gets a fresh worker"


def test_a_silent_worker_is_killed(student, tmp_path):
    student._timeout_s = 3
    started = time.monotonic()
    assert order(student, "freeze once", str(tmp_path / "mark")) == 0.5
    assert time.monotonic() - started >= 3


def test_errors_keep_their_class_and_fields(student):
    pid = order(student, "pid")
    with pytest.raises(BadAdapter) as caught:
        order(student, "bad adapter")
    assert (caught.value.message, caught.value.where, caught.value.hint) == ("it is bad", "there", "mend it")
    with pytest.raises(WeakspotError, match="ZeroDivisionError: a bug of ours"):
        order(student, "bug")
    assert "a bug of ours" in student.log_file.read_text()
    assert order(student, "pid") == pid, "neither costs a restart"


def test_chatter_goes_to_the_log(student):
    assert order(student, "print") == 0.5
    student.close()
    assert "a library chatters" in student.log_file.read_text()
    assert "and so does C code" in student.log_file.read_text()


def test_leftovers_of_dead_processes_are_swept(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, ours = tmp_path / "scratch" / f"{gone.pid}-x", tmp_path / "scratch" / f"{os.getpid()}-x"
    for folder in (dead, ours):
        folder.mkdir(parents=True)
        (folder / "probes.json").touch()
    WorkerStudent(source_path=tmp_path, name="stub", weights_key="w", state_dir=tmp_path)
    assert not dead.exists() and ours.exists()


def test_progress_reaches_the_callback(tmp_path):
    seen = []
    with WorkerStudent(
        source_path=tmp_path, name="stub", weights_key="w", state_dir=tmp_path, module="tests.agent.student.stub_worker",
        progress=lambda *step: seen.append(step),
    ) as student:
        order(student, "pid")
    assert seen == [("stub", 1, 2)]


def test_no_secret_reaches_the_worker(student, tmp_path, monkeypatch):
    for name in ("OPENAI_API_KEY", "HF_TOKEN", "WEAKSPOT_TEACHER_API_KEY", "MY_SECRET", "AWS_SESSION", "DATABASE_URL"):
        monkeypatch.setenv(name, "planted-sentinel")
    order(student, "environment", str(tmp_path / "env"))
    text = (tmp_path / "env").read_text()
    assert "planted-sentinel" not in text and "PATH=" in text


def test_the_environment_waits_without_spinning():
    assert worker_environment({"PATH": "x"})["OMP_WAIT_POLICY"] == "passive"
    assert worker_environment({"OMP_WAIT_POLICY": "active"})["OMP_WAIT_POLICY"] == "active"


def test_a_worker_survives_the_thread_that_first_used_it(student):
    """Linux' parent-death signal fires when the forking *thread* ends; stages run in pool threads."""
    pids = []
    thread = threading.Thread(target=lambda: pids.append(order(student, "pid")))
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert order(student, "pid") == pids[0]


def test_interrupting_a_job_kills_the_worker(student):
    pid = int(order(student, "pid"))

    def interrupt(*step):
        raise KeyboardInterrupt

    student._progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        order(student, "sleep")
    assert wait_until_gone(pid)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_worker_dies_with_its_parent(tmp_path, how):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom agent.student.client import WorkerStudent\n"
        f"s = WorkerStudent(source_path=Path('.'), name='s', weights_key='w', state_dir=Path({str(tmp_path)!r}), "
        "module='tests.agent.student.stub_worker')\n"
        "print(int(s.effect('', '', ['pid'])), flush=True)\ns.effect('', '', ['sleep'])\n"
    )
    root = Path(__file__).resolve().parents[3]
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root)
    worker = int(parent.stdout.readline())
    assert is_alive(worker)
    os.kill(parent.pid, how)
    parent.wait()
    parent.stdout.close()
    assert wait_until_gone(worker)


def test_the_supervisor_side_imports_nothing_heavy():
    code = (
        "import sys, agent.student.client\n"
        "print([m for m in ('torch', 'transformers', 'lm_eval', 'peft', 'trl', 'datasets') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"
