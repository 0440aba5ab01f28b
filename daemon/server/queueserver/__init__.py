"""The verbs of bluesky-httpserver, so that its clients drive Beampilot as they are."""

from daemon.server.queueserver.router import router

__all__ = ["router"]
