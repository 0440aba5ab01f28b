"""Which field a survey scans next, which it scans again, and when it knows enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.maps import write_array, write_group
from daemon.analyst.messages import Suggested

if TYPE_CHECKING:
    from analysis.detection.count_field import CountField, Estimate

Floats = NDArray[np.float64]

INFORMATION = "expected information"
PER_AREA = 100.0
"""Densities are told per so many nm²."""
FIRST = 3
"""A survey that would be content with fewer fields than this has seen too little to judge by."""


@dataclass(frozen=True, slots=True)
class SurveyArea:
    """What a survey looks at and what it wants to know.

    Attributes:
        axes: data keys of the fields' middles along x and y.
        low: lowest position of each, nm.
        high: highest position of each, nm.
        field: width and height of a field, nm.
        value: data key of the count in a field, such as "detections.expected.Pb3"; several are added up.
        density: whether densities are told, or numbers in the whole area.
        precision: half the width of the interval that is wanted, relative to the number.
        confidence: of the interval.
        guess: density that is expected beforehand, clusters per 100 nm².
        retries: how often a field is scanned again when its image is flawed.
        skips: the survey ends when so many fields in a row had to be skipped.
        scan_time: time for one field, s.
        speeds: of the axes, nm/s; empty where they are not known.
    """

    axes: tuple[str, str]
    low: tuple[float, float]
    high: tuple[float, float]
    field: tuple[float, float]
    value: tuple[str, ...]
    density: bool
    precision: float
    confidence: float
    guess: float
    retries: int
    skips: int
    scan_time: float
    speeds: tuple[float, ...] = ()


class Survey:
    """Gives fields one by one.

    It is made anew from what was measured, and comes to the same whenever it is asked.

    Args:
        area: what is looked at.
    """

    def __init__(self, area: SurveyArea) -> None:
        from analysis.detection.count_field import CountField, cover

        self._area = area
        self._places = cover(area.low, area.high, area.field)
        self._model: CountField = CountField(self._places, area.guess / PER_AREA)
        self._taken = 0
        self._tries = 0
        self._skipped: list[str] = []
        self._closed: set[int] = set()
        self._again: tuple[int, str] | None = None

    @property
    def skipped(self) -> list[str]:
        """Why each field of the latest row of skipped ones was skipped."""
        return list(self._skipped)

    def next(
        self,
        number: int,
        positions: Sequence[Mapping[str, float]],
        values: Mapping[str, Floats],
        flaws: Sequence[str],
    ) -> Suggested:
        """The field to scan next, or why the survey ends.

        Args:
            number: of the point.
            positions: of all points so far.
            values: every known value of all points, shape (points,) each.
            flaws: what is wrong with the image of each point; empty where nothing is.
        """
        self.learn(positions, values, flaws)
        if self._again is not None:
            return self._suggest(number, self._again[0], f"scanned again: {self._again[1]}")
        if stop := self._stop():
            return Suggested(number, stop=stop)
        return self._best(number, positions[-1] if positions else None)

    def learn(
        self, positions: Sequence[Mapping[str, float]], values: Mapping[str, Floats], flaws: Sequence[str]
    ) -> None:
        """Take in the points that came since the last time; the arguments are those of `next`."""
        for row in range(self._taken, len(positions)):
            self._take(positions[row], sum(values[key][row] for key in self._area.value), flaws[row])
        self._taken = len(positions)

    def estimate(self) -> Estimate:
        """What is known of the whole area."""
        return self._model.estimate()

    def write(self, run: Path, units: Mapping[str, str]) -> None:
        """Write what is known into the run.

        `analysis/survey` holds the number in the area, `analysis/optimization` maps as other scans have them: what
        is expected in a field (its count, or its density), the deviation, and the information that a look would give.
        """
        estimate, area = self.estimate(), self._area
        low, high = estimate.interval(area.confidence)
        per = PER_AREA / estimate.area
        about = {
            "value": list(area.value),
            "count": estimate.count,
            "interval": [low, high],
            "density": estimate.count * per,
            "density_interval": [low * per, high * per],
            "sought": "density" if area.density else "count",
            "confidence": area.confidence,
            "relative_error": estimate.relative_error(area.confidence),
            "area": estimate.area,
            "fields": int(self._model.seen.sum()),
        }
        write_group(run, "survey", about)
        folder = write_group(run, "optimization", {"axes": list(area.axes)})
        scale, unit = (PER_AREA, "1/(100 nm^2)") if area.density else (self._places.field, "")
        mean, deviation = self._model.density
        maps = {"mean": scale * mean, "deviation": scale * deviation, "acquisition": self._model.information()}
        for name, values in maps.items():
            about = {"coordinates": " ".join(area.axes), "units": "nat" if name == "acquisition" else unit}
            write_array(folder / name, values.reshape(self._places.shape), area.axes[::-1], about)
        for place, name in enumerate(area.axes):
            along = self._places.centres[:, place].reshape(self._places.shape)
            write_array(folder / name, along[0] if place == 0 else along[:, 0], (name,), {"units": units.get(name, "")})

    def _take(self, position: Mapping[str, float], count: Any, flaw: str) -> None:  # noqa: ANN401 - a float or 0
        """Take in what a point showed; a flawed one is to be scanned again, or is skipped."""
        place = self._nearest(position)
        if not flaw and not np.isfinite(count):
            flaw = "nothing could be counted"
        if not flaw:
            self._model.add(place, float(count))
            self._again, self._tries, self._skipped = None, 0, []
        elif self._tries < self._area.retries:
            self._tries += 1
            self._again = place, flaw
        else:
            self._again, self._tries = None, 0
            self._closed.add(place)
            self._skipped.append(flaw)

    def _stop(self) -> str:
        """Why the survey ends; empty where it goes on."""
        area = self._area
        if len(self._skipped) >= area.skips:
            return f"{len(self._skipped)} fields in a row had to be skipped, the last one for {self._skipped[-1]}"
        seen = int(self._model.seen.sum())
        if seen + len(self._closed - set(np.flatnonzero(self._model.seen).tolist())) >= len(self._places.centres):
            return f"all {len(self._places.centres)} fields of the area are scanned"
        if seen < FIRST:
            return ""
        estimate = self.estimate()
        error = estimate.relative_error(area.confidence)
        if error > area.precision:
            return ""
        scale = PER_AREA / estimate.area if area.density else 1.0
        low, high = (scale * end for end in estimate.interval(area.confidence))
        unit = " per 100 nm²" if area.density else ""
        told = f"{scale * estimate.count:.4g} ({low:.4g} to {high:.4g}){unit}"
        return f"known to {100 * error:.1f} % with {100 * area.confidence:g} % confidence: {told}"

    def _best(self, number: int, at: Mapping[str, float] | None) -> Suggested:
        """The field that is expected to tell most per time."""
        information = self._model.information()
        information[list(self._closed)] = -np.inf
        information[self._model.seen] = -np.inf
        travel = self._travel(at)
        rate = information / (self._area.scan_time + travel)
        place = int(np.argmax(rate))
        reason = INFORMATION
        if self._skipped:
            reason = f"{INFORMATION}; the field before was skipped: {self._skipped[-1]}"
        return self._suggest(number, place, reason, float(information[place]), float(travel[place]))

    def _suggest(
        self, number: int, place: int, reason: str, information: float = float("nan"), travel: float = 0.0
    ) -> Suggested:
        mean, deviation = self._model.density
        x, y = self._places.centres[place]
        field = self._places.field
        return Suggested(
            number,
            dict(zip(self._area.axes, (float(x), float(y)), strict=True)),
            reason,
            float(field * mean[place]),
            float(field * deviation[place]),
            information,
            travel,
        )

    def _travel(self, at: Mapping[str, float] | None) -> Floats:
        """Time to get to each place, s; the axes move together."""
        centres, area = self._places.centres, self._area
        if at is None or len(area.speeds) != len(area.axes):
            return np.zeros(len(centres))
        here = np.array([at[axis] for axis in area.axes])
        return (np.abs(centres - here) / np.array(area.speeds)).max(axis=1)

    def _nearest(self, position: Mapping[str, float]) -> int:
        here = np.array([position[axis] for axis in self._area.axes])
        return int(np.argmin(((self._places.centres - here) ** 2).sum(axis=1)))


def make_survey(plain: Mapping[str, Any]) -> Survey:
    """The survey of a run from plain types."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list | tuple) else value for name, value in plain.items()
    }
    return Survey(SurveyArea(**fields))
