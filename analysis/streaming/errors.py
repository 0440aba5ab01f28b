"""All errors of this package.

StreamingError
├── ChainError            a chain of steps is declared wrongly (also a ValueError)
├── BatchError            a batch does not fit the stream it comes from (also a ValueError)
└── StreamClosedError     a chain was used before its start or after its end (also a RuntimeError)
"""

from __future__ import annotations


class StreamingError(Exception):
    """Anything this package refuses."""


class ChainError(StreamingError, ValueError):
    """A step is not known, named twice, or declared with wrong options."""


class BatchError(StreamingError, ValueError):
    """Frames of another shape or number than the stream's, or without what a step needs."""


class StreamClosedError(StreamingError, RuntimeError):
    """A chain was used before its start or after its end."""
