"""``beampilot unmix``."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption, read_settings
from daemon.cli.output import note, print_facts, print_json, shown
from daemon.cli.sources import find_source

if TYPE_CHECKING:
    from daemon.settings import Settings
    from daemon.unmixing import Standards, Target

MEGABYTE = 1_000_000


class Background(StrEnum):
    """What can be removed from the spectra."""

    none = "none"
    line = "line"
    shirley = "shirley"
    arctangent = "arctangent"


class Method(StrEnum):
    """How spectra can be found."""

    corners = "corners"
    nmf_so = "nmf-so"
    minimum_volume = "minimum volume"


def register(app: typer.Typer) -> None:
    """Add this module's command to the command line."""
    app.command()(unmix)


def unmix(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|FILE", help="A run (as for `show`), or a file: .hspy, .zspy, HDF5, Zarr, TIFF, .npy."
        ),
    ] = "latest",
    standards: Annotated[
        list[str] | None,
        typer.Option("--standards", "-s", metavar="[NAME=]FILE", help="Table of standard spectra; repeat it."),
    ] = None,
    components: Annotated[
        int | None, typer.Option("--components", "-k", min=1, help="Number of components. [default: chosen]")
    ] = None,
    background: Annotated[
        Background | None, typer.Option("--background", help="Removed from the spectra. [default: chosen]")
    ] = None,
    method: Annotated[Method | None, typer.Option("--method", help="How spectra are found. [default: chosen]")] = None,
    omega: Annotated[
        float | None,
        typer.Option("--omega", min=0, max=1, help="Weight of the maps' orthogonality. [default: chosen]"),
    ] = None,
    smoothing: Annotated[
        float | None, typer.Option("--smoothing", min=0, help="Kernel that averages maps, pixels. [default: chosen]")
    ] = None,
    energies: Annotated[
        str | None, typer.Option("--energies", metavar="FILE|NAME", help="Energies of the frames, eV, if not told.")
    ] = None,
    i0: Annotated[
        str | None, typer.Option("--i0", metavar="FILE|NAME", help="Intensity of the beam for each frame, or none.")
    ] = None,
    dark: Annotated[str | None, typer.Option("--dark", metavar="FILE|NAME|NUMBER", help="Dark frame, or none.")] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", metavar="NAME", help="Array, signal or camera, where there are several.")
    ] = None,
    energy_axis: Annotated[
        int | None, typer.Option("--energy-axis", min=0, help="Which axis is the energy, from 0. [default: told apart]")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder for the results. [default: in the run, or NAME-unmixed]"
        ),
    ] = None,
    memory: Annotated[int, typer.Option("--memory", min=1, help="Pieces of the stack held at a time, MB.")] = 256,
    scratch: Annotated[
        Path | None,
        typer.Option(
            "--scratch", metavar="DIR", help="Where a packed stack is unpacked. [default: beside the results]"
        ),
    ] = None,
    settings: SettingsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Unmix a stack of frames into spectra and chemical maps; what is not given is chosen."""
    from daemon.cli.progress import progress
    from daemon.unmixing import Request, Wishes, make_room, summary, unmix_file, write_results

    known = read_settings(settings, data)
    path = find_source(source, known)
    target = _target(path, output)
    library = _library(standards, known)
    request = Request(dataset, energies, i0, dark, energy_axis)
    wishes = Wishes(components, _text(background), omega, _text(method), smoothing)
    with progress() as advance, make_room(scratch or target.folder.parent, memory * MEGABYTE, advance) as room:
        outcome = unmix_file(path, request, wishes, library, room)
        advance("writing", 0.0)
        write_results(outcome, target)
    facts = summary(outcome) | {
        "report": str(target.report),
        "folder": str(target.folder),
        "arrays": str(target.arrays),
    }
    if as_json:
        print_json(facts)
    else:
        _print(facts)
        note(f"\n{shown(target.report)}")


def _target(path: Path, output: Path | None) -> Target:
    """Where the results go: a run keeps its own."""
    from daemon.recorder.layout import JOURNAL
    from daemon.unmixing import target_folder, target_in_run

    if output is None and (path / JOURNAL).is_file():
        return target_in_run(path)
    return target_folder(output or Path.cwd() / f"{path.name.partition('.')[0]}-unmixed")


def _library(files: list[str] | None, settings: Settings) -> Callable[[Any], Standards | None]:
    """The standards that are named; those of files are read at once, so that a mistake costs no time."""
    from daemon.unmixing import make_standards, read_standards

    if files:
        read = read_standards(files)
        return lambda _: read
    wanted = settings.analysis.standards
    return lambda energies: None if wanted is None else make_standards(wanted, energies)


def _text(choice: StrEnum | None) -> Any:  # noqa: ANN401 - one of the words that the analysis knows
    return None if choice is None else choice.value


def _print(facts: dict[str, Any]) -> None:
    """Print what was found for a person."""
    from daemon.unmixing.page import headline, key_figures

    print_facts(
        [
            ("read", facts["origin"]),
            ("found", headline(facts)),
            *((label, value + (f" ({remark})" if remark else "")) for value, label, remark in key_figures(facts)),
            *(("repaired", repair) for repair in facts["repairs"]),
            *(("assumed", said) for said in facts["notes"]),
        ]
    )
