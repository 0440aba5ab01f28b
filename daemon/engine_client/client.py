"""Commands to the engine over its Unix socket."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import msgpack

from daemon.errors import ChannelClosedError, EngineRefused, EngineUnreachable
from daemon.wire import LENGTH, Channel

TIMEOUT = 2.0
"""How long an answer may take where nothing else is said, s."""

PATIENCE = {"check": 15.0, "start": 15.0, "continue": 30.0, "pause": 10.0, "resume": 10.0, "stop": 30.0, "abort": 30.0}
PATIENCE |= {"halt": 20.0}
"""... and for what takes its time: the engine itself gives up, or asks harder, long before, s."""


class EngineClient:
    """Tells the engine what to do, and waits for its answer.

    Every call has a connection of its own, so calls from several threads never wait for one another: an abort
    overtakes a pause that takes its time.

    Args:
        address: path of the engine's socket, see `daemon.runtime.engine_address`.
        timeout: how long an answer may take, s.
    """

    def __init__(self, address: str, timeout: float = TIMEOUT) -> None:
        self.address = address.removeprefix("ipc://")
        self._timeout = timeout

    def call(self, command: str, *, timeout: float | None = None, **arguments: object) -> Any:  # noqa: ANN401 - msgpack
        """Gives one command.

        Args:
            command: its name.
            timeout: how long the answer may take, s; the client's own where it is not given.
            **arguments: of the command, plain types.

        Returns:
            The command's result, plain types.

        Raises:
            EngineUnreachable: when no engine runs, it dies meanwhile, or it does not answer in time.
            EngineRefused: when it does not do it, and says why.
        """
        patience = PATIENCE.get(command, self._timeout) if timeout is None else timeout
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(patience)
        try:
            connection.connect(self.address)
        except OSError as error:
            connection.close()
            raise EngineUnreachable(f"no engine answers at {self.address} ({error.strerror or error})") from None
        channel = Channel(connection)
        try:
            channel.send({"command": command, "arguments": arguments})
            reply = channel.receive(patience)
        except ChannelClosedError as error:
            raise EngineUnreachable(f"the engine ended while it was told to {command} ({error})") from None
        finally:
            channel.close()
        return _result(reply, command, patience)

    def close(self) -> None:
        """Nothing is kept open between calls; there for symmetry with clients that do."""


class AsyncEngineClient:
    """As `EngineClient`, for asyncio."""

    def __init__(self, address: str, timeout: float = TIMEOUT) -> None:
        self.address = address.removeprefix("ipc://")
        self._timeout = timeout

    async def call(self, command: str, *, timeout: float | None = None, **arguments: object) -> Any:  # noqa: ANN401 - as the blocking client
        """Gives one command; as `EngineClient.call`."""
        patience = PATIENCE.get(command, self._timeout) if timeout is None else timeout
        try:
            # Not wait_for: in Python 3.11 that swallows a cancellation which comes together with the answer.
            async with asyncio.timeout(patience):
                reply = await self._exchange({"command": command, "arguments": arguments})
        except TimeoutError:
            reply = None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise EngineUnreachable(f"no engine answers at {self.address} ({error})") from None
        return _result(reply, command, patience)

    async def close(self) -> None:
        """Nothing is kept open between calls."""

    async def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self.address)
        try:
            body = bytes(msgpack.packb(request) or b"")
            writer.write(LENGTH.pack(len(body)) + body)
            await writer.drain()
            (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            return msgpack.unpackb(await reader.readexactly(length))
        finally:
            writer.close()


def _result(reply: dict[str, Any] | None, command: str, patience: float) -> Any:  # noqa: ANN401 - msgpack
    if reply is None:
        raise EngineUnreachable(f"the engine did not answer {command} within {patience:g} s")
    if reply["ok"]:
        return reply["result"]
    raise EngineRefused(reply["kind"], reply["error"], reply["fields"])
