"""``beampilot token``: keys for people and programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption, read_settings
from daemon.cli.output import note, print_json, print_table
from daemon.cli.remote import UrlOption, find_daemon

group = typer.Typer(help="Make, list and revoke the keys of people and programs.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.add_typer(group, name="token")


@group.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; it stands in the access log.")],
    role: Annotated[str, typer.Option("--role", help="observer, operator or administrator.")] = "observer",
    days: Annotated[
        float | None, typer.Option("--days", metavar="NUMBER", min=0.0, help="It expires after so many days.")
    ] = None,
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key; it is shown this once and never again."""
    expires = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
    made = find_daemon(settings, data, url).post("/tokens", {"name": name, "role": role, "expires_at": expires})
    if as_json:
        print_json(made)
        return
    note("this key is shown only now; give it as BEAMPILOT_API_KEY or `Authorization: ApiKey …`")
    typer.echo(made["secret"])


@group.command("list")
def list_tokens(
    settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """List the keys, without the keys themselves."""
    found = find_daemon(settings, data, url).get("/tokens")
    if as_json:
        print_json(found)
        return
    tokens = found["tokens"] if isinstance(found, dict) else found
    rows = [(str(each["id"]), each["name"], each["role"], *_dates(each)) for each in tokens]
    print_table(("id", "name", "role", "made", "expires", "revoked"), rows)


@group.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="As `beampilot token list` has it.")],
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Make a key useless, at once and for good."""
    find_daemon(settings, data, url).ask("DELETE", f"/tokens/{token}")


@group.command("zmq")
def zmq_keys(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose they are.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the two files.")] = Path(),
    settings: SettingsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the CURVE keys with which somebody may subscribe to the ZMQ sockets.

    Two files: NAME.key_secret, to be kept by its holder alone, and server.key. They are those of `zmq.auth`, as
    bluesky's ClientCurve reads them. The sockets ask for keys where the settings say `curve = true`.
    """
    from daemon.curve import clients_folder, make_client_keys

    chosen = read_settings(settings, data)
    keys = make_client_keys(chosen.data, name, out)
    if as_json:
        print_json({"secret": str(keys.secret), "server": str(keys.server)})
        return
    note(f"remove {clients_folder(chosen.data) / name}.key to shut {name} out again")
    typer.echo(f"{keys.secret}\n{keys.server}")


def _dates(token: dict[str, str | None]) -> list[str]:
    return [(token.get(name) or "–")[:16].replace("T", " ") for name in ("created_at", "expires_at", "revoked_at")]
