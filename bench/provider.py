"""A provider on loopback that is slow, full, broken, silent and gone now and then, and keeps its own books.

    with provider(1.0) as address: ...        # a process of its own, so that it takes no time from the client's

What a request meets is drawn from its prompt and how often it came before: every client meets the same. `GET /books`
gives what was asked, answered and billed; nothing is billed but a body that was sent whole.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SHARES = {"refused": 0.05, "broken": 0.02, "reset": 0.01, "hang": 0.005}
SIGMA = 0.5  # of the log-normal latency; its mean is `scale` seconds
TOKENS = (40, 20)  # billed for every body that was sent whole
POLL_S = 0.2


@dataclass(frozen=True)
class Fate:
    """What one attempt meets."""

    kind: str
    """`good`, or one of `SHARES`."""
    seconds: float = 0.0
    """Until it is answered, or reset."""
    wait_s: float = 0.0
    """`Retry-After` of a refusal; 0 where there is none."""


def fate(prompt: str, attempt: int, scale: float) -> Fate:
    """The `attempt`-th time (from 1) that `prompt` comes, at a mean latency of `scale` seconds."""
    draw = random.Random(f"{prompt}#{attempt}")
    at = draw.random()
    seconds = scale * math.exp(draw.gauss(-SIGMA**2 / 2, SIGMA))
    for kind, share in SHARES.items():
        at -= share
        if at < 0:
            return Fate(kind, seconds * {"refused": 0, "hang": 0, "reset": 0.5}.get(kind, 1), scale if kind == "refused" and draw.random() < 0.5 else 0.0)
    return Fate("good", seconds)


class Provider:
    """The server's state."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.seen: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = 0

    def books(self) -> dict[str, Any]:
        """Counts by kind, answers per prompt, tokens billed (for broken bodies too)."""
        billed = sum(self.answered.values()) + self.kinds["broken"]
        return {"requests": sum(self.kinds.values()), "kinds": dict(self.kinds), "prompts": len(self.seen), "prompts_answered": len(self.answered),
                "answers": sum(self.answered.values()), "most_answers_of_a_prompt": max(self.answered.values(), default=0),
                "tokens_billed": billed * sum(TOKENS), "most_in_flight": self.most_in_flight}

    async def answer(self, prompt: str, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; False closes the connection."""
        self.seen[prompt] += 1
        met = fate(prompt, self.seen[prompt], self.scale)
        self.kinds[met.kind] += 1
        if met.kind == "refused":
            wait = {"retry-after": f"{met.wait_s:g}"} if met.wait_s else {}
            await _send(writer, 429, b'{"error": {"message": "slow down", "type": "rate_limit", "code": null}}', wait)
            return True
        await asyncio.sleep(3600 if met.kind == "hang" else met.seconds)
        if met.kind == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        body = completion(f"re: {prompt}")
        await _send(writer, 200, body[:60] if met.kind == "broken" else body)
        if met.kind == "good":
            self.answered[prompt] += 1
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                if head.startswith("get /books"):
                    await _send(writer, 200, json.dumps(self.books()).encode())
                    continue
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                prompt = json.loads(await reader.readexactly(length))["messages"][-1]["content"]
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                serving = asyncio.create_task(self.answer(prompt, writer))
                while not serving.done() and not reader.at_eof():  # a client that gave up closes its side
                    await asyncio.wait({serving}, timeout=POLL_S)
                self.in_flight -= 1
                if not serving.done():
                    serving.cancel()
                    break
                if not serving.result():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the client closed
        finally:
            writer.close()


def completion(text: str) -> bytes:
    """A chat completion of `TOKENS` tokens."""
    return json.dumps({
        "id": "c1", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": TOKENS[0], "completion_tokens": TOKENS[1], "total_tokens": sum(TOKENS)},
    }).encode()


@contextmanager
def provider(scale: float) -> Iterator[str]:
    """Serve from another process until the block ends; its address. Mean latency `scale` seconds."""
    child = subprocess.Popen([sys.executable, "-m", "bench.provider", str(scale)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.terminate()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    lines = [f"HTTP/1.1 {status} x", "content-type: application/json", f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


async def _main(scale: float) -> None:
    server = await asyncio.start_server(Provider(scale).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1])))
