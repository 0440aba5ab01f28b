"""The one strict base of all settings and messages."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A pydantic model that refuses what it does not know and never changes once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
