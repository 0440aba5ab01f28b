"""Training a detector on labelled folders or on images of a twin, with everything that is kept of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from daemon.detection.labels import read_labelled
from daemon.detection.logbook import Board, write_metrics
from daemon.detection.scan import Request
from daemon.errors import ScanError, disk_errors

if TYPE_CHECKING:
    from analysis.detection import Detector
    from analysis.detection.results import LabelledImage
    from analysis.detection.training import Recipe, Sample

Advance = Callable[[str, float], None]

WEIGHTS = "detector.safetensors"
STATE = "state"
BOARD = "tensorboard"
CHUNK = 25
"""Images that a worker draws at a time."""
VALIDATED = 10
"""One image in so many of a twin's serves for validation."""


class LabellingScenario(Protocol):
    """A twin that knows what is in its images."""

    def images(self, seeds: Iterable[int], **options: Any) -> Iterator[LabelledImage]:
        """Draw labelled images, one per seed."""
        ...


@dataclass(frozen=True, slots=True)
class Twin:
    """Images of a twin to learn from.

    Attributes:
        scenario: Name of an entry point of the group ``beampilot.scenarios``.
        images: How many to learn from; a tenth as many more serve for validation.
        first: Seed of the first one.
        options: Options of the scenario's images.
        workers: Processes that draw them; one per core when None.
    """

    scenario: str = "stm"
    images: int = 4000
    first: int = 10_000_000
    options: Mapping[str, Any] = field(default_factory=dict)
    workers: int | None = None

    def facts(self) -> dict[str, Any]:
        """What the model card says of it."""
        kept = {"images": self.images, "first_seed": self.first, "options": dict(self.options)}
        return {"twin": self.scenario, **kept}


def draw_samples(name: str, seeds: list[int], options: dict[str, Any], classes: tuple[str, ...]) -> list[Sample]:
    """Draw images of a twin and prepare them for the network; runs in a process of its own.

    Raises:
        ScanError: The twin has no labelled images, or refuses the options.
    """
    from analysis.detection.training import make_samples
    from daemon.study import load_scenario

    scenario: Any = load_scenario(name)
    if not hasattr(scenario, "images"):
        raise ScanError(f"the scenario {name} has no labelled images to learn from")
    try:
        return list(make_samples(scenario.images(seeds, **options), classes))
    except (ValueError, TypeError) as error:
        raise ScanError(f"{name}: {' '.join(str(error).split())}") from error


def twin_samples(twin: Twin, classes: tuple[str, ...], advance: Advance) -> tuple[list[Sample], list[Sample]]:
    """Images to learn from and images for validation.

    Raises:
        ScanError: The twin does not give them.
    """
    from daemon.study import load_scenario
    from daemon.workers import open_workers

    load_scenario(twin.scenario)  # a wrong name costs no time
    total = twin.images + max(1, twin.images // VALIDATED)
    seeds = list(range(twin.first, twin.first + total))
    chunks = [seeds[start : start + CHUNK] for start in range(0, total, CHUNK)]
    options = dict(twin.options)
    with open_workers(min(twin.workers or os.cpu_count() or 1, len(chunks))) as executor:
        jobs = [executor.submit(draw_samples, twin.scenario, chunk, options, classes) for chunk in chunks]
        drawn: list[Sample] = []
        for number, job in enumerate(jobs, 1):
            drawn += job.result()
            advance("drawing images", number / len(jobs))
    return drawn[: twin.images], drawn[twin.images :]


def folder_samples(
    path: Path, request: Request, classes: tuple[str, ...] | None
) -> tuple[list[Sample], list[Sample], tuple[str, ...]]:
    """Images of a labelled folder, to learn from and for validation, and the names of their classes.

    Raises:
        ScanError: The folder, an image or a label is not as it must be.
    """
    from analysis.detection.training import make_samples

    read = read_labelled(path, request, classes)
    try:
        parts = [list(make_samples(some, read.classes)) for some in (read.training, read.validation)]
    except ValueError as error:
        raise ScanError(f"{path}: {' '.join(str(error).split())}") from error
    return parts[0], parts[1], read.classes


def train_detector(
    recipe: Recipe,
    training: list[Sample],
    validation: list[Sample],
    folder: Path,
    *,
    data: Mapping[str, Any] | None = None,
    start: Detector | None = None,
    board: bool = False,
    advance: Advance = lambda *_: None,
) -> Detector:
    """Train a detector, and keep weights, card, table of figures and state in a folder.

    Args:
        recipe: What the training is made of.
        training: What it learns from.
        validation: What chooses weights, threshold and calibration.
        folder: A training that was interrupted there is taken up.
        data: What the card says about the images.
        start: A detector of the same classes to start from.
        board: Whether TensorBoard's files are written, too.
        advance: Told which part is done.

    Raises:
        ScanError: Nothing can be learned from the images, or the folder holds another training.
    """
    from analysis.detection import TrainingError
    from analysis.detection.training import finish, train

    if start is not None and (start.classes != recipe.classes or start.network.architecture != recipe.architecture):
        raise ScanError(f"the detector to start from has the classes {', '.join(start.classes)}, or another width")
    with contextlib.ExitStack() as stack:
        stack.enter_context(disk_errors(folder))
        boards = [stack.enter_context(contextlib.closing(Board(folder / BOARD)))] if board else []

        def report(history: list[dict[str, float]]) -> None:
            write_metrics(folder, history)
            for one in boards:
                one.write(history)

        try:
            trained = train(
                recipe,
                training,
                validation,
                folder=folder / STATE,
                start=None if start is None else start.network,
                report=report,
                advance=lambda step: advance("training", step / recipe.steps),
            )
        except TrainingError as error:
            raise ScanError(str(error)) from error
        detector = finish(trained, validation, dict(data or {}))
        detector.save(folder / WEIGHTS)
    return detector
