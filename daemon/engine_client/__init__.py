"""How other processes talk to the engine; imports neither bluesky nor ophyd nor torch."""

from daemon.engine_client.client import AsyncEngineClient, EngineClient
from daemon.engine_client.subscription import (
    Fetch,
    Published,
    Subscription,
    documents,
    frames,
)

__all__ = [
    "AsyncEngineClient",
    "EngineClient",
    "Fetch",
    "Published",
    "Subscription",
    "documents",
    "frames",
]
