"""A real OpenAI-compatible server on loopback: llama.cpp through the package `xllamacpp`, serving one GGUF file.

    with llama_server(path) as url:
        ... teacher.model: openai/local, teacher.api_base: url ...

Runs in a process of its own, which is ended by its id. By hand: `python -m tests.agent.teacher.llama_server FILE`.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 60.0


def is_installed() -> bool:
    """Whether the extra `server` is."""
    return importlib.util.find_spec("xllamacpp") is not None


@contextmanager
def llama_server(
    gguf_path: Path, *, n_threads: int = 2, n_parallel: int = 2, n_ctx: int = 4096
) -> Iterator[str]:
    """Serve `gguf_path` until the block ends; yields the base address, such as `http://127.0.0.1:40123/v1`.

    Raises:
        RuntimeError: the server did not come up.
    """
    arguments = [str(gguf_path), str(n_threads), str(n_parallel), str(n_ctx)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.agent.teacher.llama_server", *arguments],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()  # ends at EOF where the process dies
        if not line.startswith("http://"):
            raise RuntimeError(f"llama.cpp did not serve {gguf_path}: exit code {process.wait(START_S)}")
        yield line + "/v1"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _serve(path: str, n_threads: int, n_parallel: int, n_ctx: int) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = n_parallel
    params.n_ctx = n_ctx * n_parallel
    params.cpuparams.n_threads = n_threads
    params.verbosity = 0
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()  # ends when the test that started us does


if __name__ == "__main__":
    _serve(sys.argv[1], *(int(number) for number in sys.argv[2:5] or ("2", "2", "4096")))
