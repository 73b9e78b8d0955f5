"""What every group of settings is: a frozen pydantic model whose fields are documented beneath them; unknown keys are refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """One level of the YAML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
