"""``beampilot train``."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.options import JsonOption
from daemon.cli.output import note, print_facts, print_json, print_table, shown
from daemon.cli.studies import parse_option

if TYPE_CHECKING:
    from analysis.detection.training import Recipe

commands = typer.Typer(help="Train what analyses learn from examples.", no_args_is_help=True)

PB = ("Pb1", "Pb2", "Pb3", "Pb4", "Pb5", "Pb6")
"""Classes of the twin that the default detector finds."""


class LossName(StrEnum):
    """Losses of the classification."""

    bce = "bce"
    focal = "focal"
    asymmetric = "asymmetric"
    class_balanced = "class-balanced"
    cb_focal = "cb-focal"
    cb_asymmetric = "cb-asymmetric"


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.add_typer(commands, name="train")


@commands.command()
def detection(
    folder: Annotated[
        str | None,
        typer.Argument(metavar="FOLDER|FILE", help="Labelled images: YOLO's folders, or COCO's JSON. Without: a twin."),
    ] = None,
    twin: Annotated[str, typer.Option("--twin", help="The twin that images are drawn from, by name.")] = "stm",
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Option of the twin's images; repeat it.")
    ] = None,
    images: Annotated[int, typer.Option("--images", min=4, help="How many images of the twin.")] = 4000,
    classes: Annotated[
        list[str] | None, typer.Option("--classes", help="Names of the classes, in their order; repeat it.")
    ] = None,
    nm_per_pixel: Annotated[
        float | None, typer.Option("--nm-per-pixel", min=0, help="Size of a pixel, nm. [default: as the files say]")
    ] = None,
    loss: Annotated[LossName | None, typer.Option("--loss", help="Loss of the classification. [default: bce]")] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Steps at most.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all that is drawn.")] = 0,
    patience: Annotated[
        int | None, typer.Option("--patience", min=0, help="Evaluations without a better one before it ends; 0: never.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--start", metavar="FILE", help="Weights to start from; `default` for the package's.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="For weights, card, figures, and the state.")
    ] = Path("detector"),
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write TensorBoard's files, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a detector of clusters; the same command goes on where one was interrupted."""
    from daemon.cli.progress import progress
    from daemon.detection.scan import Request
    from daemon.detection.training import STATE, WEIGHTS, Twin, folder_samples, train_detector, twin_samples

    wishes = {"loss": loss and loss.value, "steps": steps, "patience": patience}
    with progress() as advance:
        if folder is None:
            source = Twin(twin, images, options=dict(map(parse_option, option or [])))
            names = tuple(classes or PB)
            training, validation = twin_samples(source, names, advance)
            data = source.facts()
        else:
            place, known = Path(folder), tuple(classes or ()) or None
            training, validation, names = folder_samples(place, Request(nm_per_pixel), known)
            data = {"folder": place.name, "images": len(training)}
        recipe = _recipe(names, seed, {name: value for name, value in wishes.items() if value is not None}, folder)
        try:
            detector = train_detector(
                recipe,
                training,
                validation,
                output,
                data=data,
                start=_start(start),
                board=tensorboard,
                advance=advance,
            )
        except KeyboardInterrupt:
            if (output / STATE).exists():
                note(f"the state of the training is in {output / STATE}; the same command goes on there")
            raise
    _tell(detector.card.metrics["validation"], output / WEIGHTS, as_json=as_json)


def _recipe(classes: tuple[str, ...], seed: int, wishes: dict[str, Any], folder: str | None) -> Recipe:
    """The recipe for many images of a twin, or for few of a folder, with what a person wants otherwise.

    Raises:
        ScanError: What is wanted cannot be.
    """
    from analysis.detection import ConfigurationError
    from analysis.detection.training import few_images, many_images
    from daemon.errors import ScanError

    try:
        return replace((many_images if folder is None else few_images)(classes), seed=seed, **wishes)
    except ConfigurationError as error:
        raise ScanError(str(error)) from error


def _start(path: Path | None) -> Any:  # noqa: ANN401 - the detector is imported only where it is needed
    """The detector to start from."""
    from daemon.cli.detect import load_detector

    if path is None:
        return None
    return load_detector(None if str(path) == "default" else path)


def _tell(figures: dict[str, Any], weights: Path, *, as_json: bool) -> None:
    """Print how well the detector does on the validation images."""
    if as_json:
        print_json({"weights": str(weights.absolute()), "validation": figures})
        return
    names = ("images", "map50", "map50_95", "precision", "recall", "calibration_error")
    print_facts([(name, str(figures[name])) for name in names])
    rows = [
        (name, *(str(one[key]) for key in ("clusters", "ap50", "precision", "recall")))
        for name, one in figures["classes"].items()
    ]
    print_table(("class", "clusters", "AP50", "precision", "recall"), rows)
    note(f"\n{shown(weights)}")
