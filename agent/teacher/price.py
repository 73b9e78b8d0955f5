"""What a call costs: stated by the user, free on loopback, or known to litellm; otherwise the teacher is refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from agent.teacher.contract import ModelSettings
from probes.errors import WeakspotError


@dataclass(frozen=True)
class Price:
    """US dollars per token."""

    per_token_in: float
    per_token_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Cost of one call in US dollars."""
        return tokens_in * self.per_token_in + tokens_out * self.per_token_out


def find_price(settings: ModelSettings, known: Mapping[str, Mapping[str, Any]]) -> Price:
    """The price of the configured model; `known` is litellm's table of prices per token, by model.

    Raises:
        WeakspotError: nobody knows it, or only one half is stated.
    """
    stated_in, stated_out = settings.usd_per_million_in, settings.usd_per_million_out
    if stated_in is not None and stated_out is not None:
        return Price(stated_in / 1e6, stated_out / 1e6)
    if stated_in is not None or stated_out is not None:
        raise WeakspotError(
            f"only one half of the price of {settings.model} is stated",
            hint="state both teacher.usd_per_million_in and teacher.usd_per_million_out",
        )
    if is_loopback(settings.api_base):
        return Price(0.0, 0.0)
    listed = known.get(settings.model) or known.get(settings.model.partition("/")[2]) or {}
    per_token_in, per_token_out = listed.get("input_cost_per_token"), listed.get("output_cost_per_token")
    if per_token_in is None or per_token_out is None:
        raise WeakspotError(
            f"the price of {settings.model} is not known, so no budget can hold",
            hint="state teacher.usd_per_million_in and teacher.usd_per_million_out (0 where it is free)",
        )
    return Price(float(per_token_in), float(per_token_out))


def is_loopback(address: str | None) -> bool:
    """Whether a server's address is on this machine."""
    host = urlsplit(address or "").hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
