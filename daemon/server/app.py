"""The application: gate, routes and the tasks that live as long as it does."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from daemon.server.access import Keys, single_user_key
from daemon.server.doors import include_doors
from daemon.server.gate import Gate
from daemon.server.housekeeping import keep_house
from daemon.server.limits import WrongKeys
from daemon.server.live.documents import DocumentsHub
from daemon.server.live.frames import FramesHub
from daemon.server.live.keys import own_keys
from daemon.server.methods import add_allowed_methods
from daemon.server.metrics import Requests
from daemon.server.page import add_page
from daemon.server.problems import add_handlers
from daemon.server.queue_service import QueueService
from daemon.server.routing import PlainJSON
from daemon.server.run_catalog import RunCatalog
from daemon.server.summary import VERSION

if TYPE_CHECKING:
    from daemon.server.engine_watch import EngineCalls
    from daemon.settings import Settings
    from daemon.store import Store

DESCRIPTION = "An autopilot for beamlines and microscopes. Keys are given as `Authorization: ApiKey …` or `Bearer …`."


def make_app(settings: Settings, store: Store, engine: EngineCalls) -> FastAPI:
    """The application.

    Args:
        settings: of the daemon.
        store: queue, history, tokens, accesses and the lock; open.
        engine: the engine.

    Returns:
        The application; its `state` has `queue` (QueueService), `store`, `settings` and `keys`.
    """
    keys, wrong = Keys(store, single_user_key(settings)), WrongKeys(settings.server.wrong_keys)
    app = FastAPI(
        title="Beampilot",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        default_response_class=PlainJSON,
    )
    app.state.settings, app.state.store, app.state.keys, app.state.wrong = settings, store, keys, wrong
    app.state.requests = requests = Requests()
    app.state.queue = queue = QueueService(store, engine, settings)
    app.state.catalog = RunCatalog(settings.data)
    curve = functools.partial(own_keys, settings)
    app.state.documents = DocumentsHub(settings.data, settings.sockets.documents, queue.watch, curve)
    app.state.frames = FramesHub(settings.sockets.frames, curve)
    include_doors(app)
    add_page(app)
    add_handlers(app)
    add_allowed_methods(app)
    app.add_middleware(Gate, keys=keys, store=store, wrong=wrong, requests=requests)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    queue: QueueService = app.state.queue
    house = asyncio.create_task(keep_house(app.state.settings, app.state.store))
    try:
        async with queue.opened():
            yield {}
    finally:
        house.cancel()
