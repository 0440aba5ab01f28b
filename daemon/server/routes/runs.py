"""`/runs`: what was measured."""

from __future__ import annotations

from daemon.server.routing import make_router

router = make_router("runs")
