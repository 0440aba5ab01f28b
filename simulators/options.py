"""Options of an instrument, checked in one way for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from simulators.errors import SimulatorError

Options = TypeVar("Options", bound=BaseModel)


def check_options(model: type[Options], instrument: str, options: Mapping[str, Any]) -> Options:
    """Check options against what an instrument knows.

    Args:
        model: The options that there are.
        instrument: Its name, for messages.
        options: What was chosen.

    Raises:
        SimulatorError: An option is unknown or out of range; names it and says what is allowed.
    """
    try:
        return model(**options)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SimulatorError(f"{instrument}: option {name!r}: {first['msg']}") from None
