"""``beampilot report`` and ``beampilot replay``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.options import DataOption, JsonOption, RunArgument, SettingsOption, open_store
from daemon.cli.output import print_json

if TYPE_CHECKING:
    from daemon.replay import DocumentSink, Replay


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(report)
    app.command()(replay)


def report(
    run: RunArgument = "latest",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The HTML file; default: in the run's folder.")
    ] = None,
    settings: SettingsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a run's report: one HTML file that opens offline."""
    from daemon.report import write_report

    path = open_store(settings, data).find(run)
    if output is not None and not output.absolute().parent.is_dir():
        raise typer.BadParameter(f"--output {output}: there is no folder {output.absolute().parent}; make it first")
    written = write_report(path, output)
    if as_json:
        print_json({"run": str(path), "report": str(written)})
    else:
        typer.echo(written)


def parse_rate(text: str) -> float | None:
    """Read a speed: ``real``, ``fastest``, or a factor such as ``10`` or ``x10``.

    Raises:
        typer.BadParameter: When it is none of these.
    """
    if text == "fastest":
        return None
    try:
        rate = 1.0 if text == "real" else float(text.removeprefix("x"))
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise typer.BadParameter(f"--speed {text}: give real, fastest, or a factor above 0 such as x10")
    return rate


def replay(
    run: RunArgument = "latest",
    speed: Annotated[str, typer.Option("--speed", help="real, xN for N times faster, or fastest.")] = "real",
    publish: Annotated[
        str, typer.Option("--publish", metavar="ADDRESS", help="Also publish documents on a ZMQ address, tcp://….")
    ] = "",
    headless: Annotated[bool, typer.Option("--headless", help="Draw nothing.")] = False,
    settings: SettingsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a run back: its documents and frames again, in real time, faster, or as fast as possible."""
    from daemon.replay import Replay

    rate = parse_rate(speed)
    path = open_store(settings, data).find(run)
    player = Replay(path, rate)
    counts = _play(player, path, publish, headless=headless or as_json)
    if as_json:
        print_json({"run": str(path), **counts})
    else:
        typer.echo(f"played {counts['documents']} documents and {counts['frames']} frames of {path}")


def _play(player: Replay, run: Path, publish: str, *, headless: bool) -> dict[str, int]:
    """Play a run to the terminal and, where an address is given, to subscribers."""
    from contextlib import ExitStack

    from daemon.publish import DocumentPublisher

    counts = {"documents": 0, "frames": 0}

    def count_frame(_: object) -> None:
        counts["frames"] += 1

    with ExitStack() as stack:
        sinks: list[DocumentSink] = []
        if publish:
            sinks.append(stack.enter_context(DocumentPublisher(publish)))
        if not headless:
            from daemon.terminal import live_view

            sinks.append(stack.enter_context(live_view("replaying", lambda: run)))

        def to_all(name: str, document: dict[str, object]) -> None:
            for sink in sinks:
                sink(name, document)

        counts["documents"] = player.play(to_all, count_frame)
    return counts
