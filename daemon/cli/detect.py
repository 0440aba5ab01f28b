"""``beampilot detect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption, read_settings
from daemon.cli.output import note, print_facts, print_json, print_table, shown
from daemon.cli.sources import find_source

if TYPE_CHECKING:
    from analysis.detection import Detector


def register(app: typer.Typer) -> None:
    """Add this module's command to the command line."""
    app.command()(detect)


def detect(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER|RUN",
            help="Nanonis .sxm, Gwyddion .gwy, PNG, TIFF, .npy, .npz; a folder of them; or a run (as for `show`).",
        ),
    ] = "latest",
    nm_per_pixel: Annotated[
        float | None, typer.Option("--nm-per-pixel", min=0, help="Size of a pixel, nm. [default: as the file says]")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Channel or camera. [default: the topography]")
    ] = None,
    score: Annotated[
        float | None, typer.Option("--score", min=0, max=1, help="Least confidence. [default: the detector's own]")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Look once at each image, not at its mirror images, too: twice as fast.")
    ] = False,
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="FILE", help="Another detector (.safetensors with its .json).")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for the results. [default: NAME-clusters]"),
    ] = None,
    settings: SettingsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find, size and count Pb clusters in images of a scanning tunnelling microscope."""
    from daemon.cli.progress import progress
    from daemon.detection import Request, check_folder, search, summary, write_results

    path = find_source(source, read_settings(settings, data))
    folder = check_folder(output or Path.cwd() / f"{path.name.partition('.')[0]}-clusters")
    detector = load_detector(weights)
    with progress() as advance:
        outcome = search(path, detector, Request(nm_per_pixel, channel), score, advance, thorough=not quick)
        advance("writing", 0.0)
        write_results(outcome, folder)
    facts = summary(outcome) | {"folder": str(folder), "table": str(folder / "detections.csv")}
    if as_json:
        print_json(facts)
    else:
        _print(facts)
        note(f"\n{shown(folder)}")


def load_detector(weights: Path | None) -> Detector:
    """Load the detector that comes with the program, or another.

    Raises:
        ScanError: Its files are missing or damaged.
    """
    from analysis.detection import Detector, WeightsError
    from daemon.errors import ScanError

    try:
        return Detector.default() if weights is None else Detector.load(weights)
    except WeightsError as error:
        raise ScanError(str(error)) from error


def _print(facts: dict[str, Any]) -> None:
    """Print what was found for a person."""
    print_facts(
        [
            ("searched", f"{facts['images']} images, {facts['area_nm2']:.0f} nm²"),
            ("found", f"{facts['clusters']} clusters"),
            *((f"skipped {name}", why) for name, why in facts["skipped"].items()),
            *((name, "; ".join(said)) for name, said in facts["notes"].items()),
        ]
    )
    rows = [
        (
            one["name"],
            str(one["count"]),
            f"{one['low']:.1f} – {one['high']:.1f}",
            f"{one['density']:.3g}",
            f"{100 * one['fraction']:.0f} %",
        )
        for one in facts["sizes"]
    ]
    print_table(("class", "count", "95 % interval", "per 100 nm²", "share"), rows)
