"""Why a verb is not done."""

from __future__ import annotations

from typing import Any

from daemon.errors import BeampilotError, EngineRefused, UserError


class RefusedError(UserError):
    """A verb is not done; the text, which becomes the reply's `msg`, says why.

    Args:
        text: the reason.
        **reply: what else the reply has.
    """

    def __init__(self, text: str, **reply: Any) -> None:
        self.reply = reply
        super().__init__(text)


def reason(error: BeampilotError) -> str:
    """Why something is not done, with the parameters that are wrong."""
    fields = error.fields if isinstance(error, EngineRefused) else []
    named = "; ".join(f"{each['field']}: {each['message']}" for each in fields)
    return f"{error} ({named})" if named and named not in str(error) else str(error)
