"""The `teacher` group of the configuration: who writes the lessons, and who takes over."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from agent.group import Group


class FallbackConfig(Group):
    """Another teacher, for when those before it can't be used."""

    model: str
    """Any litellm model."""
    api_base: str | None = None
    """As in `teacher`."""
    api_key_env: str | None = None
    """As in `teacher`."""
    usd_per_million_in: float | None = Field(default=None, ge=0)
    """As in `teacher`."""
    usd_per_million_out: float | None = Field(default=None, ge=0)
    """As in `teacher`."""

    @model_validator(mode="before")
    @classmethod
    def _name(cls, value: Any) -> Any:
        return {"model": value} if isinstance(value, str) else value

    @field_validator("model")
    @classmethod
    def _asks(cls, value: str) -> str:
        if value == "symbolic":
            raise ValueError("the symbolic teacher can't be asked; name a litellm model")
        return value


class TeacherConfig(Group):
    """Who writes the lessons."""

    model: str = "symbolic"
    """`symbolic` (built in, no key), or any litellm model such as `openai/gpt-4.1-mini`."""
    api_base: str | None = None
    """Address of an OpenAI-compatible server; on loopback its price is 0 unless stated."""
    api_key_env: str | None = None
    """Name of the environment variable with the key; null takes the provider's usual one."""
    temperature: float = Field(default=0.7, ge=0, le=2)
    """Sampling temperature."""
    max_tokens: int = Field(default=1200, ge=16)
    """Longest reply in tokens."""
    timeout_s: float = Field(default=60, gt=0)
    """Deadline of one call, retries included. An attempt that is silent for longer than the answers so far make likely is begun again."""
    concurrency: int = Field(default=8, ge=1)
    """Most calls in flight; shrinks on 429 and grows back."""
    max_tries: int = Field(default=4, ge=1)
    """Attempts of one call at transient errors; a provider's refusals (429, overloaded) are waited out instead."""
    usd_per_million_in: float | None = Field(default=None, ge=0)
    """Price of prompt tokens where litellm does not know it."""
    usd_per_million_out: float | None = Field(default=None, ge=0)
    """Price of reply tokens."""
    fallbacks: list[FallbackConfig] = []
    """Models that take over, in this order, when the one before fails as a whole: key, quota, name, server gone, canaries. A litellm name, or a mapping with `model`, `api_base`, `api_key_env` and prices of its own."""


    @model_validator(mode="after")
    def _apart(self) -> TeacherConfig:
        if self.fallbacks and self.model == "symbolic":
            raise ValueError("fallbacks need a litellm model before them; the symbolic teacher can't fail")
        asked = [(self.model, self.api_base), *((other.model, other.api_base) for other in self.fallbacks)]
        if twice := [model for n, (model, base) in enumerate(asked) if (model, base) in asked[:n]]:
            raise ValueError(f"{twice[0]!r} is named twice")
        return self


class JudgeConfig(TeacherConfig):
    """A second model that may refuse lessons which passed their verifier, never rescue one."""

    model: str = ""
    """Any litellm model of another family than the teacher's; empty: no judge. It is calibrated in each cycle on 70 canaries and left out where it fails them."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """Sampling temperature."""
    fallbacks: list[FallbackConfig] = []
    """None: another model would be another judge, with another calibration."""

    @model_validator(mode="after")
    def _alone(self) -> JudgeConfig:
        if self.fallbacks:
            raise ValueError("a judge has no fallbacks: another model is another judge, with another calibration")
        return self
