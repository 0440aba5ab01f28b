"""The HTTP server: queue, history, runs and accounts, and the way to the engine for everybody outside."""

from daemon.server.app import make_app

__all__ = ["make_app"]
