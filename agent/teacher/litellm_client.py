"""One model at one address, through litellm: any provider, or any OpenAI-compatible server.

A request goes in, an answer or a failure comes out; nothing is retried, booked or remembered here, and whatever a
client library raises is data. What can be known for nothing (key, provider, price) is found out by `prepare`.

litellm is imported here and nowhere else, and only when the first call is near: it takes seconds.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from dataclasses import replace
from typing import Any

from agent.teacher.body import body_of
from agent.teacher.contract import ModelSettings
from agent.teacher.outcomes import Answer, Failure, read_error, read_response
from agent.teacher.price import Price, find_price, is_loopback
from agent.teacher.redact import redact, redact_known
from curricula.teacher import TeacherRequest
from probes.errors import WeakspotError

TEMPLATE_TOKENS = 64  # allowance for chat markup in a reservation
SCHEMA_TOKENS = 512  # where a schema is sent as a tool, the provider's own instructions for tools come on top


class Connection:
    """One model; `timeout_s` is the longest that any call of it can take."""

    def __init__(self, where: ModelSettings, timeout_s: float) -> None:
        self.name = where.model
        self.api_base = where.api_base
        self.takes_schema = True
        """Whether a JSON schema is sent along; a server that refuses one turns it off."""
        self._where = where
        self._timeout_s = timeout_s
        self._price: Price | None = None

    def prepare(self) -> None:
        """Key, model name and price, at no cost. Safe to call again.

        Raises:
            WeakspotError: no key, unknown model or price.
        """
        if self._price is not None:
            return
        self._key()
        litellm = _import_litellm()
        try:
            _, provider, _, _ = litellm.get_llm_provider(self.name)
        except litellm.exceptions.BadRequestError:
            hint = (
                f"'openai/{self.name}' means any OpenAI-compatible server"
                if self.api_base
                else "write it as provider/model, such as openai/gpt-4.1-mini"
            )
            raise WeakspotError(f"teacher.model '{self.name}' names no provider", hint=hint) from None
        if not self._key() and not is_loopback(self.api_base):
            missing = litellm.validate_environment(self.name)["missing_keys"]
            if missing:
                raise _no_key(missing[0], provider)
        self.takes_schema = bool(self.api_base) or bool(litellm.supports_response_schema(self.name))
        self._price = find_price(self._where, litellm.model_cost)

    @property
    def price(self) -> Price:
        """What a token costs; known once prepared."""
        assert self._price is not None
        return self._price

    async def call(self, request: TeacherRequest, *, with_schema: bool) -> Answer | Failure:
        """Ask once."""
        litellm = _import_litellm()
        messages = [{"role": "system", "content": request.system}] if request.system else []
        messages.append({"role": "user", "content": request.prompt})
        more: dict[str, Any] = {}
        if with_schema:
            schema = {"name": "reply", "schema": request.json_schema}
            more["response_format"] = {"type": "json_schema", "json_schema": schema}
        if request.top_p is not None:
            more["top_p"] = request.top_p
        if request.presence_penalty:
            more["presence_penalty"] = request.presence_penalty
        if request.stop:
            more["stop"] = list(request.stop)
        known: dict[str, Any] = {}  # litellm's record of the call; it holds what was parsed, also where no reply could be made of it
        try:
            response = await litellm.acompletion(
                model=self.name,
                messages=messages,
                api_base=self.api_base,
                api_key=self._key() or ("none" if is_loopback(self.api_base) else None),
                temperature=request.temperature,
                max_tokens=request.max_tokens,
                timeout=self._timeout_s,  # the same each time: litellm keeps a client, with its connections, for every value
                num_retries=0,
                max_retries=0,
                drop_params=True,
                logger_fn=lambda record: known.update(body=record.get("original_response")),
                **more,
            )
            outcome, error = read_response(response), None
        except Exception as raised:  # whatever a client library raises is data: the reply's error, with its reason
            outcome, error = read_error(raised), raised
        return replace(outcome, body=body_of(error, known.get("body"))) if isinstance(outcome, Failure) else outcome

    def most_tokens(self, request: TeacherRequest) -> tuple[int, int]:
        """The most tokens that a request and its reply can have: no token is shorter than a byte, no reply longer than its limit."""
        schema = json.dumps(request.json_schema) if request.json_schema else ""
        n_bytes = len((request.system + request.prompt + schema).encode("utf-8", "replace"))
        return n_bytes + TEMPLATE_TOKENS + (SCHEMA_TOKENS if schema else 0), request.max_tokens

    def clean(self, text: str) -> str:
        """An error text without keys, or what looks like one."""
        return redact(text, self._key())

    def mask(self, text: str) -> str:
        """A reply without the keys of this machine."""
        return redact_known(text, self._key())

    def _key(self) -> str:
        name = self._where.api_key_env
        if not name:
            return ""
        key = os.environ.get(name, "")
        if not key:
            raise _no_key(name, "the teacher")
        return key


async def close_connections() -> None:
    """Close every connection that litellm keeps open in this process."""
    if "litellm" not in sys.modules:
        return
    litellm = _import_litellm()
    await litellm.close_litellm_async_clients()
    litellm.in_memory_llm_clients_cache.flush_cache()  # closed clients stay in it otherwise, by the id of an event loop that may come again


def _no_key(variable: str, who: str) -> WeakspotError:
    return WeakspotError(
        f"no key for {who}: the environment variable {variable} is not set",
        hint=f"export {variable}=...\nor name another variable in teacher.api_key_env, or use teacher.model: symbolic",
    )


def _import_litellm() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import fetches a price list from the network
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")  # else the import reads a .env file of the folder it is in
    import litellm

    # a body of the wrong shape is already told as the reply's error; pydantic's warning of it would stand in the user's terminal
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings", category=UserWarning)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)  # its error logs quote requests and keys
    return litellm
