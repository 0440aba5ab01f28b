"""``beampilot serve``: the daemon itself."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption
from daemon.cli.output import note, print_facts, print_json

if TYPE_CHECKING:
    from daemon.ending import Ending
    from daemon.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(serve)


def serve(
    settings: SettingsOption = None,
    data: DataOption = None,
    port: Annotated[int | None, typer.Option("--port", help="Port for HTTP; overrides the settings.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the instrument: queue, HTTP and ZMQ, until Ctrl-C or SIGTERM.

    Processes that an earlier `serve` left behind when it was killed are taken over as they are.
    """
    from daemon.ending import Ending
    from daemon.folders import check_data_folder
    from daemon.lock import hold
    from daemon.logs import logging_to
    from daemon.serve_settings import server_url
    from daemon.settings import load_settings

    given = {} if port is None else {"port": port}
    chosen = load_settings(settings, data=data, server=given)
    chosen = chosen.model_copy(update={"data": chosen.data.resolve()})
    check_data_folder(chosen.data)
    url = server_url(chosen.server)
    ending = Ending()
    with (
        hold(chosen.data, url),
        logging_to(chosen.data, "supervisor", chosen.logs),
        ending.told_by(signal.SIGTERM, signal.SIGINT),
    ):
        _supervise(chosen, settings, _facts(chosen, url), ending, as_json=as_json)


def _facts(settings: Settings, url: str) -> dict[str, str]:
    """What somebody must know who wants to use the daemon."""
    key = "as set (BEAMPILOT_API_KEY or server.api_key)" if settings.server.api_key else str(settings.data / "api_key")
    return {"address": url, "key": key, "data": str(settings.data)}


def _supervise(settings: Settings, file: Path | None, facts: dict[str, str], ending: Ending, *, as_json: bool) -> None:
    """Keep the processes alive until we are told to stop."""
    from daemon.supervisor import Keeper, Supervisor
    from daemon.supervisor.orders import check_addresses, make_orders

    orders = make_orders(settings, file)
    check_addresses(settings, orders)
    supervisor = Supervisor([Keeper(each, lambda line: note(f"beampilot: {line}")) for each in orders])
    try:
        if supervisor.start(ending):
            print_json(facts) if as_json else print_facts(facts.items())
            note("beampilot: open the address in a browser and log in with that key; Ctrl-C ends everything safely")
            ending.wait()
        note("beampilot: stopping safely: scan, motors, shutter …")
    finally:
        clean = supervisor.stop()
    if not clean:
        raise typer.Exit(1)
