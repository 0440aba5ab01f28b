"""One campaign as the analyst sees it: analyse, tell, ask, and remember every answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.energies import EnergyRange, EnergySearch
from daemon.analyst.features import Features
from daemon.analyst.frames import sum_of
from daemon.analyst.live import LiveImage
from daemon.analyst.maps import write_maps, write_unmixing
from daemon.analyst.messages import Ask, Begin, Exclude, Observe, Observed, Suggested, Wish
from daemon.analyst.objective import Objective
from daemon.analyst.optimiser import make_optimizer, restore_optimizer
from daemon.analyst.state import CampaignState, lineage, recorded_points, scalars
from daemon.analyst.stream import FrameStream
from daemon.analyst.stream_results import write_detections, write_stream
from daemon.analyst.survey import Survey, make_survey
from daemon.errors import PlanRejected
from daemon.factory_settings import LibrarySettings
from daemon.settings import UnmixingSettings
from daemon.stream_settings import StreamSettings

if TYPE_CHECKING:
    from analysis.optimization import Optimizer

Floats = NDArray[np.float64]


class Campaign:
    """Everything that is known of the run under way.

    Made anew from the run on disk when the process before this one died: the journal gives the readings, the chunk
    files the frames, `analysis/optimizer.json` the optimiser and the suggestions given so far. Patterns are taken in
    one by one in their first order, so the components come out the same.

    Args:
        begin: what the engine says of the run.

    Attributes:
        optimizer: the optimiser; None for a scan whose positions are fixed.
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._run = Path(begin.run)
        expression = begin.parameters.get("objective")
        if expression is None and begin.stream:
            expression = f"{begin.stream['detector']}_total"
        self._objective = None if expression is None else Objective(expression)
        self._maximize = bool(begin.parameters.get("maximize", True))
        unmix = self._objective is not None and any(r.startswith("unmixing.") for r in self._objective.references)
        stream = StreamSettings(**begin.stream)
        # What is unmixed while it streams are stacks of frames, where the frames themselves are mixed of few.
        self._features = Features(UnmixingSettings(**begin.unmixing), begin.frames, unmix and not stream.components)
        layout = begin.frames.get(stream.detector)
        self._stream: FrameStream | None = None
        if stream.steps and layout is not None:
            darks = int(begin.parameters.get("dark_frames", 0))
            self._stream = FrameStream(self._run, stream, layout, begin.energy, darks)
        self._energies = None if begin.energies is None else EnergySearch(EnergyRange(**begin.energies))
        self._survey: Survey | None = None if begin.survey is None else make_survey(begin.survey)
        self._live = None if begin.live is None or self._stream is None else LiveImage(Path(begin.live))
        self._positions: list[dict[str, float]] = []
        self._observed: dict[int, Observed] = {}
        self._values: Floats = np.empty(0)
        self._errors: Floats = np.empty(0)
        self._carried: list[Suggested] = []
        self._state = CampaignState()
        self.optimizer: Optimizer | None = None
        self._earlier = 0
        self._library = None if begin.standards is None else LibrarySettings(**begin.standards)
        self._open()

    @property
    def measured(self) -> int:
        """Number of points that are known, those of an earlier run included."""
        return len(self._positions)

    def observe(self, request: Observe) -> Observed:
        """Analyses a point and tells the optimiser; a point that is known already gives the same answer again."""
        known = self._observed.get(request.number)
        if known is not None:
            return known
        started = time.perf_counter()
        self._take_in(self._run, request.number, request.position, request.readings)
        analysed = time.perf_counter()
        self._tell()
        self._save()
        told = time.perf_counter()
        answer = self._answer(len(self._positions) - 1, (analysed - started) * 1e3, (told - analysed) * 1e3)
        self._observed[request.number] = answer
        return answer

    def ask(self, request: Ask) -> Suggested:
        """Chooses where to measure a point; the same point gives the same answer again."""
        known = self._state.suggestions.get(request.number)
        if known is None:
            known = self._choose(request)
            self._state.remember(known)
            # Saved before it is given away, so that no answer is ever forgotten.
            self._save()
        return known

    @property
    def live(self) -> bool:
        """Whether images can be looked at while they are scanned."""
        return self._live is not None

    def look(self) -> None:
        """Looks at the image under way, if there is more of it than before; cheap where there is not."""
        if self._live is None or self._stream is None:
            return
        image = self._live.next()
        if image is None:
            return
        if not self._stream.look(image):
            self._live = None
        elif self._live.due() and self._stream.outcome is not None:
            write_detections(self._run, self._stream.outcome, self._begin, self._frames_earlier, growing=True)

    def steer(self, request: Wish | Exclude) -> None:
        """Does what an operator asks for; a request that was met already is left alone.

        Raises:
            PlanRejected: when nobody chooses positions here.
            OptimizationError: when the region makes no sense, or leaves nothing to measure.
        """
        if self.optimizer is None:
            raise PlanRejected("the positions of this scan are fixed: there is nothing to steer")
        if request.number <= self._state.steered:
            return
        if isinstance(request, Wish):
            self._state.wishes.append(request.position)
        else:
            self._exclude(self.optimizer, request.region)
        self._state.steered = request.number
        self._save()

    def write_results(self) -> None:
        """Writes maps, components and weights into the run."""
        if self.optimizer is not None and np.isfinite(self._values).any():
            write_maps(self._run, self.optimizer, self._begin.units, self._earlier)
        if self._features.unmixing is not None:
            detector = self._features.settings.detector
            own = len(self._features) - self._earlier
            write_unmixing(self._run, self._features.unmixing, detector, self._begin.frames[detector].shape, own)
        if self._stream is not None and self._stream.outcome is not None:
            write_stream(self._run, self._stream.outcome, self._begin, self._library, self._frames_earlier)
        if self._survey is not None and self._positions:
            self._survey.learn(self._positions, self._values_by_name(), self._flaws())
            self._survey.write(self._run, self._begin.units)

    def finish(self) -> None:
        """Does what takes long at the end of a run, and writes its results."""
        self._live = None
        if self._stream is not None:
            self._stream.finish()
        self.write_results()

    def close(self) -> None:
        """Gives back what is held for the run."""
        if self._stream is not None:
            self._stream.close()

    def _open(self) -> None:
        """Takes up what the run on disk, and the run before it, already hold."""
        if self._begin.origin is not None:
            self._take_up(Path(self._begin.origin))
        for point in recorded_points(self._run):
            axes = {axis: point.data[axis] for axis in self._begin.parameters["axes"]}
            self._take_in(self._run, point.number, axes, point.data)
        saved = CampaignState.load(self._run)
        if saved is not None and saved.told <= len(self._positions):
            self._state = saved
        if self._begin.adaptive:
            state = self._state.optimizer
            self.optimizer = make_optimizer(self._begin) if state is None else restore_optimizer(state)
        self._tell()
        for row in range(self._earlier, len(self._positions)):
            self._observed[row - self._earlier + 1] = self._answer(row, 0.0, 0.0)

    def _take_up(self, origin: Path) -> None:
        """Takes in the points of an earlier run and of those it continued, and what it was about to measure."""
        axes = list(self._begin.parameters["axes"])
        measured = 0
        for run in lineage(origin):
            measured = 0
            for point in recorded_points(run):
                position = {axis: point.data[axis] for axis in axes}
                self._take_in(run, point.number, position, point.data)
                measured += 1
        self._earlier = len(self._features)
        before = CampaignState.load(origin)
        if before is None or before.told > self._earlier:
            return
        self._carried = [s for s in before.suggestions.values() if s.number > measured and not s.stop]
        self._state = CampaignState(before.optimizer, told=before.told)

    def _take_in(self, run: Path, number: int, position: dict[str, float], readings: dict[str, float]) -> None:
        self._positions.append(dict(position))
        numbers, key = scalars(readings), self._features.settings.detector
        frame = None
        if self._features.wants_frames:
            frame = sum_of(run, key, number, self._begin.frames[key])
        self._features.add(numbers, frame)
        if self._stream is not None:
            self._stream.take_in(run, number, numbers)

    def _tell(self) -> None:
        """Evaluates the objective of all points and brings the optimiser up to date."""
        if self._objective is None or not len(self._features):
            self._values = self._errors = np.full(len(self._features), np.nan)
            return
        values = self._values_by_name()
        missing = np.full(len(self._features), np.nan)
        values |= {name: missing for name in self._objective.references if name not in values}
        self._values = self._objective.evaluate(values)
        errors = self._objective.errors(values, self._features.deviations())
        self._errors = missing if errors is None else errors
        if self.optimizer is not None:
            self._tell_optimizer(self.optimizer)

    def _values_by_name(self) -> dict[str, Floats]:
        """Every known value of all points, shape (points,) each."""
        return self._features.values() | ({} if self._stream is None else self._stream.values())

    def _tell_optimizer(self, optimizer: Optimizer) -> None:
        known = self._state.told
        if known:
            before = optimizer.values
            if not np.array_equal(before, self._values[:known], equal_nan=True):
                optimizer.retell(self._values[:known], self._errors[:known])
        for position, value, error in zip(
            self._positions[known:], self._values[known:], self._errors[known:], strict=True
        ):
            optimizer.tell(position, float(value), None if np.isnan(error) else float(error))
        self._state.told = len(self._positions)

    def _exclude(self, optimizer: Optimizer, region: dict[str, Any]) -> None:
        """Leaves a region out, and takes back what was to be measured there."""
        from analysis.optimization import without

        self.optimizer = changed = without(optimizer, region)
        measured = len(self._positions) - self._earlier
        ahead = [s for number, s in self._state.suggestions.items() if number > measured and s.position]
        for suggestion in ahead:
            if _is_forbidden(changed, suggestion.position):
                self._state.forget(suggestion.number)
        self._state.wishes = [wish for wish in self._state.wishes if not _is_forbidden(changed, wish)]
        self._carried = [each for each in self._carried if not _is_forbidden(changed, each.position)]

    @property
    def _frames_earlier(self) -> int:
        """Frames of the runs before this one that went through the chain."""
        return 0 if self._stream is None else self._stream.frames_before(self._earlier)

    def _choose(self, request: Ask) -> Suggested:
        if self._carried:
            carried = self._carried.pop(0)
            return Suggested(request.number, carried.position, carried.reason, carried.mean, carried.deviation)
        if self._energies is not None:
            return self._choose_energy(request, self._energies)
        if self._survey is not None:
            return self._choose_field(request, self._survey)
        started = time.perf_counter()
        if self.optimizer is None:
            raise PlanRejected("the positions of this scan are fixed: there is nothing to ask for")
        if self._state.wishes:
            from analysis.optimization import propose

            self.optimizer, chosen = propose(self.optimizer, self._state.wishes.pop(0), request.at)
        elif stop := self.optimizer.stop_reason(request.elapsed):
            return Suggested(request.number, stop=stop)
        else:
            chosen = self.optimizer.ask(at=request.at)
        reason = chosen.reason
        return Suggested(
            request.number,
            dict(chosen.position),
            reason.kind,
            reason.mean,
            reason.deviation,
            reason.acquisition,
            reason.travel_cost,
            (time.perf_counter() - started) * 1e3,
        )

    def _choose_energy(self, request: Ask, search: EnergySearch) -> Suggested:
        """The next energy of a stack scan, from what its unmixing has found so far."""
        started = time.perf_counter()
        axis = search.axis
        given = [one.position[axis] for one in self._state.suggestions.values() if not one.stop]
        chosen = search.next(request.number, given, (request.at or {}).get(axis), self._unmixed())
        return replace(chosen, milliseconds=(time.perf_counter() - started) * 1e3)

    def _choose_field(self, request: Ask, survey: Survey) -> Suggested:
        """The next field of a survey, from what was found in those before."""
        started = time.perf_counter()
        chosen = survey.next(request.number, self._positions, self._values_by_name(), self._flaws())
        return replace(chosen, milliseconds=(time.perf_counter() - started) * 1e3)

    def _flaws(self) -> list[str]:
        """What is wrong with the image of each point; empty where nothing is."""
        stream = self._stream
        return ["" if stream is None else stream.flaw(row) for row in range(self.measured)]

    def _unmixed(self) -> Mapping[str, Any] | None:
        """What the chain's unmixing knows so far."""
        outcome = None if self._stream is None else self._stream.outcome
        return None if outcome is None else next((r for r in outcome.results.values() if "spectra" in r), None)

    def _answer(self, row: int, analyse_ms: float, tell_ms: float) -> Observed:
        values = self._values if self._maximize else -self._values
        best = int(np.nanargmax(values)) if np.isfinite(values).any() else None
        return Observed(
            row - self._earlier + 1,
            float(self._values[row]),
            float(self._errors[row]),
            float("nan") if best is None else float(self._values[best]),
            {} if best is None else self._positions[best],
            analyse_ms,
            tell_ms,
            {} if self._stream is None else self._stream.found(row),
        )

    def _save(self) -> None:
        if self.optimizer is not None:
            self._state.optimizer = self.optimizer.state()
            self._state.save(self._run)


def _is_forbidden(optimizer: Optimizer, position: dict[str, float]) -> bool:
    space = optimizer.space
    return bool(space.is_forbidden(space.to_array(position)[None])[0])
