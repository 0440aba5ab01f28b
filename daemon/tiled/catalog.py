"""The place in Tiled where runs are registered; the only module that knows Tiled's client."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from daemon.errors import TiledError, TiledMissing, TiledUnreachable
from daemon.serve_settings import TiledSettings

Writer = Callable[[str, dict[str, Any]], object]
"""Takes the documents of one run, by name, in their order."""
BATCH = 10_000
"""How many events of a closed run travel together."""

AWAY = (429, 502, 503, 504)
"""HTTP statuses that say nothing about what was asked."""


class Catalog(Protocol):
    """Where runs are registered, by the uid of their start document.

    Each method may take long, and raises TiledUnreachable when the server does not answer and TiledError when it
    answers with a refusal.
    """

    def find(self, uid: str) -> Mapping[str, Any] | None:
        """What a registered run says about itself (`start`, and `stop` once it is complete); None if there is none."""
        ...

    def rows(self, uid: str) -> dict[str, int]:
        """Number of events of each stream of a registered run."""
        ...

    def delete(self, uid: str) -> None:
        """Forgets a run; the files of our data folder stay where they are."""
        ...

    def writer(self, *, live: bool) -> Writer:
        """What registers one run: event by event (live), or in few large pieces."""
        ...


class TiledCatalog:
    """A container of a Tiled server; the connection is made when it is first needed, and anew after a failure."""

    def __init__(self, settings: TiledSettings) -> None:
        self._settings = settings
        self._client: Any = None

    def find(self, uid: str) -> Mapping[str, Any] | None:
        """See `Catalog`."""
        with self._connected() as client:
            return dict(client[uid].metadata) if uid in client else None

    def rows(self, uid: str) -> dict[str, int]:
        """See `Catalog`."""
        found = {}
        with self._connected() as client:
            for name, stream in client[uid].base.items():
                parts = stream.base
                tables = [key for key in parts if key == "internal" or key == "internal_0"]
                found[name] = len(parts[tables[0]].read(["seq_num"])) if tables else 0
        return found

    def delete(self, uid: str) -> None:
        """See `Catalog`."""
        with self._connected() as client:
            client.delete_contents(uid, recursive=True, external_only=False)

    def writer(self, *, live: bool) -> Writer:
        """See `Catalog`."""
        with self._connected() as client:
            from bluesky_tiled_plugins import TiledWriter  # pyright: ignore[reportMissingImports]

            write = TiledWriter(client, batch_size=1 if live else BATCH)

        def guarded(name: str, document: dict[str, Any]) -> None:
            with self._connected():
                write(name, document)

        return guarded

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """The client, with its errors turned into ours."""
        import httpx

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if self._client is None:
                    self._client = self._connect()
                yield self._client
        except TiledError:
            raise
        except (httpx.TransportError, OSError) as error:
            self._client = None
            raise TiledUnreachable(f"{self._settings.url} does not answer: {error}") from error
        except Exception as error:  # whatever the client raises means the same: this run is not registered
            self._client = None
            status = getattr(getattr(error, "response", None), "status_code", 0)
            kind = TiledUnreachable if status in AWAY else TiledError
            raise kind(f"{self._settings.url}: {type(error).__name__}: {error}") from error

    def _connect(self) -> Any:  # noqa: ANN401 - one of Tiled's clients
        from tiled.client import from_uri  # pyright: ignore[reportMissingImports]

        client = from_uri(self._settings.url, api_key=self._settings.api_key)
        for part in filter(None, self._settings.catalog.split("/")):
            if part not in client:
                raise TiledError(f"{self._settings.url} has no container {part!r}: make it, or change tiled.catalog")
            client = client[part]
        return client


def open_catalog(settings: TiledSettings) -> TiledCatalog:
    """The catalog that the settings name; nothing is asked of the server yet.

    Raises:
        TiledMissing: when Tiled's client is not installed.
    """
    for module in ("tiled", "bluesky_tiled_plugins"):
        if importlib.util.find_spec(module) is None:
            text = f"tiled.url is set, but {module} is not installed: pip install 'beampilot[tiled]', or remove the url"
            raise TiledMissing(text)
    # Our own back-off decides when to try again, and must be able to let other runs have their turn.
    os.environ.setdefault("TILED_RETRY_ATTEMPTS", "2")
    os.environ.setdefault("TILED_RETRY_TIMEOUT", "5")
    return TiledCatalog(settings)
