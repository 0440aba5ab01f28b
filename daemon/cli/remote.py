"""The commands' way to a running daemon: HTTP with the key of its data folder, or the engine's own socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli.options import read_settings

UrlOption = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Address of the daemon; without it, that of the data folder's daemon."),
]
API = "/api/v1"
KEY_FILE = "api_key"
KEY_VARIABLE = "BEAMPILOT_API_KEY"
PATIENCE = 10.0
"""How long an answer of the server may take, s."""
CONNECT = 2.0
"""How long it may take to reach the server, s."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A running daemon.

    Attributes:
        url: where its server answers.
        key: what it is asked with; empty where none is known.
        data: its data folder, where it is on this machine.
        local: whether it is this machine's, so that the engine's own socket can be used.
        certificate: of a daemon of this machine, where it speaks TLS.
    """

    url: str
    key: str
    data: Path
    local: bool
    certificate: Path | None = None

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Fetch a JSON document.

        Raises:
            ServerUnreachable: When no server answers.
            ServerRefused: When it does not give it.
        """
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask for something to be done; raises like `get`."""
        return self.ask("POST", path, body={} if body is None else body)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """Send one request and give the JSON that came back; raises like `get`."""
        import httpx

        from daemon.errors import ServerUnreachable

        headers = {"Authorization": f"ApiKey {self.key}"} if self.key else {}
        given: Any = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            answer = httpx.request(
                method,
                f"{self.url}{API}{path}",
                json=body,
                params=given,
                headers=headers,
                timeout=httpx.Timeout(PATIENCE, connect=CONNECT),
                trust_env=not self.local,
                verify=self._trust(),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServerUnreachable(f"no daemon answers at {self.url} ({_plainly(error)}); {_advice(self)}") from None
        if answer.is_error:
            raise _refusal(self, answer)
        return answer.json() if answer.content else None

    def _trust(self) -> Any:  # noqa: ANN401 - a bool or an ssl.SSLContext, whose import is slow
        """On this machine exactly the certificate of the settings, whatever name it is for; elsewhere the system's."""
        if self.certificate is None:
            return True
        import ssl

        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    def tell_engine(self, command: str, **arguments: Any) -> Any:  # noqa: ANN401 - msgpack
        """Tell the engine something directly, where the server cannot.

        Raises:
            EngineUnreachable: When it does not answer either.
            EngineRefused: When it does not do it.
        """
        from daemon.engine_client import EngineClient
        from daemon.runtime import engine_address

        client = EngineClient(engine_address(self.data))
        try:
            return client.call(command, **arguments)
        finally:
            client.close()


def find_daemon(settings: Path | None, data: Path | None, url: str | None) -> Remote:
    """The daemon that the options name: by its address, with the environment's key, or by its data folder.

    Raises:
        SettingsError: When the settings are wrong.
    """
    from daemon.lock import last_holder
    from daemon.serve_settings import server_url

    chosen = read_settings(settings, data)
    folder = chosen.data.resolve()
    key = chosen.server.api_key or ""
    if url is not None:
        # The key of this folder is for its own daemon: an address with a typing error must not get it.
        return Remote(url.rstrip("/").removesuffix(API), key, folder, local=False)
    holder = last_holder(folder)
    address = server_url(chosen.server) if holder is None else holder.address
    return Remote(address, key or _key_in(folder), folder, local=True, certificate=chosen.server.certificate)


def _key_in(data: Path) -> str:
    try:
        return (data / KEY_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _plainly(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text.partition("] ")[2] or text


def _advice(remote: Remote) -> str:
    if remote.local:
        return f"start one with `beampilot serve --data {remote.data}`, or name another with --data or --url"
    return "check the address after --url"


def _refusal(remote: Remote, answer: Any) -> Exception:  # noqa: ANN401 - an httpx.Response, whose import is slow
    """What the server's answer means for a person."""
    from daemon.errors import ServerRefused, ServerUnreachable

    try:
        detail = answer.json()["detail"]
    except (ValueError, LookupError, TypeError):
        detail = f"{answer.status_code} {answer.reason_phrase}"
    text = "; ".join(map(_field, detail)) if isinstance(detail, list) else str(detail)
    if answer.status_code == 401:
        text += f" (the key comes from {KEY_VARIABLE} or {remote.data / KEY_FILE})"
    if answer.status_code >= 500:
        return ServerUnreachable(f"the daemon at {remote.url} cannot do it now: {text}")
    return ServerRefused(text, answer.status_code)


def _field(problem: Any) -> str:  # noqa: ANN401 - ours and FastAPI's
    """One line for a field that is wrong."""
    if not isinstance(problem, dict):
        return str(problem)
    place = problem.get("field") or ".".join(str(part) for part in problem.get("loc", ()))
    said = problem.get("message") or problem.get("msg") or str(problem)
    return f"{place}: {said}" if place else said
