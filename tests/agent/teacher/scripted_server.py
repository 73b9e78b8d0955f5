"""An OpenAI-compatible server on loopback that misbehaves to order.

    with ScriptedServer([rate_limited(2), good("8")]) as server:
        ... api_base=server.url ...

Each request takes the next step of the script; the last step repeats. `answer` decides by request instead.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Step:
    """What the server does with one request."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang_s: float = 0.0
    """Silence before the answer."""
    drip_s: float = 0.0
    """Pause after each byte."""
    is_reset: bool = False
    """Close the connection instead of answering."""
    raw: bytes = b""
    """Bytes for the wire, status line and all, in place of a proper answer; then the connection closes."""


def good(
    text: str | None, *, tokens_in: int = 10, tokens_out: int = 5, finish: str = "stop", **more: Any
) -> Step:
    """A chat completion; `text` None gives null content."""
    message = {"role": "assistant", "content": text}
    body = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }
    return Step(json.dumps({**body, **more}).encode())


def empty_choices() -> Step:
    """A completion without any choice."""
    return good("x", choices=[])


def failing(status: int, message: str = "boom", **headers: str) -> Step:
    """An error in the provider's usual form."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()
    return Step(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def rate_limited(retry_after_s: float | None = None) -> Step:
    """429, with or without Retry-After."""
    return failing(429, "slow down", **({} if retry_after_s is None else {"retry_after": str(retry_after_s)}))


def broken(body: bytes = b'{"id": "c1", "choices": [') -> Step:
    """Status 200 and a body that is no JSON."""
    return Step(body)


class ScriptedServer:
    """Serves until the `with` block ends; `requests` holds every parsed body, `most_in_flight` the concurrency seen."""

    def __init__(
        self, script: Sequence[Step] = (), answer: Callable[[dict[str, Any]], Step] | None = None
    ) -> None:
        self.script = list(script)
        self.answer = answer
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.peers: set[Any] = set()
        """Client addresses: one a connection."""
        self.in_flight = self.most_in_flight = 0
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Base address for an OpenAI client."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def take(self, body: dict[str, Any], key: str) -> Step:
        """The step for one request."""
        with self._lock:
            self.requests.append(body)
            self.keys.append(key)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            if self.answer is not None:
                return self.answer(body)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def done(self) -> None:
        """One request was answered."""
        with self._lock:
            self.in_flight -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.peers.add(self.client_address)
                step = server.take(body, self.headers.get("authorization", ""))
                try:
                    self._play(step)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    server.done()

            def _play(self, step: Step) -> None:
                time.sleep(step.hang_s)
                if step.is_reset:
                    self.close_connection = True
                    return
                if step.raw:
                    self.wfile.write(step.raw)
                    self.close_connection = True
                    return
                self.send_response(step.status)
                for name, value in {"content-type": "application/json", **step.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(step.body)))
                self.end_headers()
                if not step.drip_s:
                    self.wfile.write(step.body)
                    return
                for byte in step.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(step.drip_s)

        return Handler
