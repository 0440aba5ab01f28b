"""The sections of the settings that only the long-running daemon reads: doors, sockets and queue."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from daemon.base import StrictModel

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where they are reached from here
"""Addresses that mean every one of this machine."""


class ServerSettings(StrictModel):
    """The HTTP server, and what it keeps."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """Address on which HTTP answers; anything but loopback needs a certificate or `behind_proxy`."""
    port: int = Field(default=8710, ge=1, le=65535)
    """TCP port on which HTTP answers."""
    behind_proxy: bool = False
    """A proxy in front of the server speaks TLS; only then may `host` be other than loopback without a certificate."""
    certificate: Path | None = None
    """File with the TLS certificate (PEM); it needs `certificate_key`."""
    certificate_key: Path | None = None
    """File with the certificate's private key (PEM)."""
    api_key: str | None = Field(default=None, min_length=1, exclude=True, repr=False)
    """Key of the single user, better given as BEAMPILOT_API_KEY; without it a random one is made in the data folder."""
    database: str | None = Field(default=None, min_length=1, exclude=True, repr=False)
    """URL of the database for queue, history and tokens; without it, SQLite in the data folder."""
    wrong_keys: int = Field(default=10, ge=1)
    """Wrong keys from one address within a minute before that address has to wait."""
    heartbeat_timeout: float = Field(default=2.0, ge=0.5)
    """A process that has not answered for so long is unwell: `/healthz` and `beampilot status` say so, s."""
    restart_timeout: float = Field(default=15.0, ge=1.0)
    """A process that lives but has not answered for so long is ended and started again, s; one that died, at once."""

    @field_validator("certificate", "certificate_key")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @model_validator(mode="after")
    def _guarded(self) -> ServerSettings:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key belong together: set both or neither")
        if not (is_loopback(self.host) or self.certificate or self.behind_proxy):
            raise ValueError(
                f"host = {self.host!r} can be reached from other machines: set certificate and certificate_key, or "
                "behind_proxy = true where a proxy speaks TLS, or host = '127.0.0.1'"
            )
        return self


class SocketSettings(StrictModel):
    """The ZMQ sockets that the engine binds."""

    curve: bool = False
    """Whether subscribers need keys (`beampilot token zmq`); other than loopback addresses need it."""
    documents: str = "tcp://127.0.0.1:5578"
    """Address on which every document is published (PUB)."""
    frames: str = "tcp://127.0.0.1:5579"
    """Address on which statuses and frames are published (PUB)."""
    status: str = "tcp://127.0.0.1:5580"
    """Address on which questions for the status are answered (REP)."""

    @field_validator("documents", "frames", "status")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            address = urlsplit(value)
            port, host = address.port, address.hostname
        except ValueError as error:
            raise ValueError(f"{error}; write it like tcp://127.0.0.1:5578") from None
        if address.scheme == "ipc" and value.removeprefix("ipc://"):
            return value
        if address.scheme != "tcp" or not port or not host or address.path:
            raise ValueError("an address looks like tcp://127.0.0.1:5578 or ipc:///run/beampilot/documents")
        return value

    @model_validator(mode="after")
    def _guarded(self) -> SocketSettings:
        for name in ("documents", "frames", "status"):
            address = urlsplit(getattr(self, name))
            if address.scheme == "tcp" and not self.curve and not is_loopback(address.hostname or ""):
                raise ValueError(
                    f"{name} = {getattr(self, name)!r} can be reached from other machines: set curve = true, or use "
                    "tcp://127.0.0.1:PORT"
                )
        return self


class QueueSettings(StrictModel):
    """The queue of plans."""

    autostart: bool = False
    """Whether the queue starts as soon as it holds an item."""
    stop_on_failure: bool = True
    """Whether the queue stops after an item that failed."""
    autocontinue: bool = False
    """Whether the campaign of an engine that died goes on by itself in the next one."""


class TiledSettings(StrictModel):
    """The Tiled server in which runs are registered."""

    url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+")
    """Where it answers, as `http://host:8000`; without it nothing is registered."""
    api_key: str | None = Field(default=None, min_length=1, exclude=True, repr=False)
    """Its API key, better given as BEAMPILOT_TILED__API_KEY than in a file."""
    catalog: str = Field(default="", pattern=r"^([^/?#][^?#]*)?$")
    """Path of the container for the runs, as `beamline/raw`; without it they lie at the server's top."""
    live: bool = True
    """Whether events can be read while their run goes on; frames, and everything without it, once the run is closed."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reachable_host(settings: ServerSettings) -> str:
    """The host at which this machine itself reaches the server."""
    return WILDCARDS.get(settings.host, settings.host)


def server_url(settings: ServerSettings) -> str:
    """Where the server answers, as seen from this machine."""
    host = reachable_host(settings)
    scheme = "http" if settings.certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"
