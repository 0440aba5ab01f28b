"""Serves the engine's requests one after the other, in the order they were sent."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from daemon.analyst.campaign import Campaign
from daemon.analyst.messages import (
    ALIVE,
    Answer,
    Ask,
    Begin,
    Done,
    Exclude,
    Failed,
    Finish,
    Observe,
    Request,
    Wish,
    pack,
    unpack,
)
from daemon.analyst.optimiser import is_imported
from daemon.analyst.output import print_traceback
from daemon.analyst.state import recorded_points
from daemon.errors import ChannelClosedError, DiskFull
from daemon.wire import Channel

FIRST = ("analysis.optimization", "analysis.optimization.ensemble", "scipy.stats")
"""Imported before anything else: what the first suggestions need (scipy.stats draws the initial design)."""

LATER = ("devices.frames", "analysis.unmixing")
"""Imported in the background meanwhile; whatever needs more than the first suggestions waits for it."""

QUIET = 0.05
"""Maps are written when no request has come for this long, s."""

LOOK = 0.01
"""An image that is being scanned is looked at this often, s."""

BEAT = 0.5
"""The engine gets a sign of life this often, whatever is being computed, s."""

MAPS_EVERY = 10
"""... and this many points have come since they were written last."""

IDLE = 0.25
"""Maps are written after any point when no request has come for this long, s: somebody may be looking at them."""


class Service:
    """Answers requests until the engine goes away.

    Args:
        channel: the conversation with the engine.
        delay: makes every suggestion this much slower, s.
        orphaned: called when the engine has gone while something is imported or computed that nobody wants any more.
    """

    def __init__(self, channel: Channel, delay: float = 0.0, orphaned: Callable[[], object] = lambda: None) -> None:
        self._channel = channel
        self._orphaned = orphaned
        self._delay = delay
        self._campaign: Campaign | None = None
        self._failure: Exception = RuntimeError("no run has begun")
        self._since_maps = 0
        self._imports = threading.Thread(target=_import_all, args=(LATER,), name="imports", daemon=True)

    def run(self) -> None:
        """Serves until the other side closes the channel or dies."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        _import_all(FIRST)
        self._imports.start()
        try:
            while True:
                plain = self._channel.receive(self._patience)
                if plain is None:
                    self._while_quiet()
                else:
                    self._serve(unpack(plain))
        except ChannelClosedError:
            return

    @property
    def _patience(self) -> float | None:
        """How long to wait for a request before something else is done, s; None for ever."""
        if self._campaign is not None and self._campaign.live:
            return LOOK
        if self._since_maps >= MAPS_EVERY:
            return QUIET
        return IDLE if self._since_maps else None

    def _while_quiet(self) -> None:
        """Does what can wait for a moment without requests."""
        live = self._campaign is not None and self._campaign.live
        if self._since_maps >= MAPS_EVERY or (self._since_maps and not live):
            self._write_maps()
        if self._campaign is not None and live:
            try:
                self._campaign.look()
            except Exception:
                # Only a glimpse: the whole image is looked at when it is there, and a failure is reported then.
                print_traceback()

    def _beat(self) -> None:
        try:
            while True:
                self._channel.send(ALIVE)
                time.sleep(BEAT)
        except ChannelClosedError:
            self._orphaned()

    def _serve(self, request: Request | Answer) -> None:
        try:
            answer = self._answer(request)
        except Exception as error:
            # Whatever went wrong in an analysis, the engine must hear of it: a scan waits for the answer.
            print_traceback()
            full = str(error.path) if isinstance(error, DiskFull) else ""
            answer = Failed(request.key, f"{type(error).__name__}: {' '.join(str(error).split())}", full)
        self._channel.send(pack(answer))

    def _answer(self, request: Request | Answer) -> Answer:
        if not self._is_light(request):
            # Two threads that import the same packages at the same time can meet half of one.
            self._imports.join()
        if isinstance(request, Begin):
            self._begin(request)
            return Done(request.key)
        if self._campaign is None:
            raise self._failure
        if isinstance(request, Observe):
            self._since_maps += 1
            return self._campaign.observe(request)
        if isinstance(request, Ask):
            time.sleep(self._delay)
            return self._campaign.ask(request)
        if isinstance(request, Wish | Exclude):
            self._campaign.steer(request)
            self._since_maps += 1  # what was excluded is no part of the maps any more
            return Done(request.key)
        if isinstance(request, Finish):
            self._campaign.finish()
            self._since_maps = 0
            return Done(request.key)
        raise TypeError(f"{request.kind} is no request")

    def _begin(self, request: Begin) -> None:
        self._since_maps = 0
        if self._campaign is not None:
            self._campaign.close()
        self._campaign = None
        try:
            self._campaign = Campaign(request)
        except Exception as error:
            # Every later request of this run fails for the same reason; the plan waits for one of those.
            self._failure = error
            raise

    def _write_maps(self) -> None:
        self._since_maps = 0
        if self._campaign is not None:
            try:
                self._campaign.write_results()
            except Exception:
                # Only a preview: the maps are written again when the run ends, and a failure is reported then.
                print_traceback()

    def _is_light(self, request: Request | Answer) -> bool:
        """Whether a request imports nothing: a campaign that begins, and questions before anything is measured."""
        if isinstance(request, Begin):
            fresh = request.origin is None and not any(recorded_points(Path(request.run)))
            return fresh and request.survey is None and is_imported(request.parameters.get("surrogate"))
        return isinstance(request, Ask) and self._campaign is not None and not self._campaign.measured


def _import_all(names: tuple[str, ...]) -> None:
    for name in names:
        importlib.import_module(name)
