"""What engine and analyst say to each other, as plain types that msgpack carries.

Every request has a key (kind and point number). Asking again with the same key is harmless: it returns the same
answer, or replaces the same observation. That makes a replay after a pause and a restart of the analyst safe.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How the frames of one data key lie in the run.

    Attributes:
        shape: rows and columns of a frame.
        dtype: numpy dtype string with byte order, e.g. "<u4".
        bad: flat indices of pixels known to be hot or dead.
        frames: frames of one point.
        pixel: size of a pixel on the sample along x and y, nm; None where it is not known.
    """

    shape: tuple[int, int]
    dtype: str
    bad: tuple[int, ...] = ()
    frames: int = 1
    pixel: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """Request: a run begins, or is taken up again after the analyst died.

    Attributes:
        run: folder of the run on disk.
        parameters: the plan's complete parameters as JSON.
        adaptive: whether positions will be asked for.
        units: unit of each axis.
        speeds: speed of each axis that has one, units per second.
        frames: layout of the frames by data key.
        unmixing: `UnmixingSettings` as JSON.
        origin: earlier run whose optimiser state is taken up, if any.
        serial: tells this run from others; the client counts.
        stream: `StreamSettings` as JSON, with the chain that this run has; empty where it has none.
        energy: data key of the photon energy; None where it is not scanned.
        energies: `EnergyRange` of a scan that chooses its energies, as plain types.
        standards: `LibrarySettings` as JSON; None where the settings have none.
        survey: `SurveyArea` of a scan that chooses its fields by expected information, as plain types.
        live: file of the shared memory that shows an image while it is scanned; None where there is none.
    """

    kind: ClassVar[str] = "begin"
    run: str
    parameters: dict[str, Any]
    adaptive: bool
    units: dict[str, str]
    speeds: dict[str, float]
    frames: dict[str, FrameLayout]
    unmixing: dict[str, Any]
    origin: str | None = None
    serial: int = 0
    stream: dict[str, Any] = field(default_factory=dict)
    energy: str | None = None
    energies: dict[str, Any] | None = None
    standards: dict[str, Any] | None = None
    survey: dict[str, Any] | None = None
    live: str | None = None

    @property
    def key(self) -> Key:
        """What makes two of these the same."""
        return (self.kind, self.serial)


@dataclass(frozen=True, slots=True)
class Observe:
    """Request: analyse point `number`, whose event is in the journal and whose frames are on disk.

    Attributes:
        number: the point, from 1.
        position: where the axes stood, by axis.
        readings: the event's scalar readings by data key.
    """

    kind: ClassVar[str] = "observe"
    number: int
    position: dict[str, float]
    readings: dict[str, float]

    @property
    def key(self) -> Key:
        """What makes two of these the same."""
        return (self.kind, self.number)


@dataclass(frozen=True, slots=True)
class Ask:
    """Request: where to measure point `number`.

    Attributes:
        number: the point, from 1.
        at: where the axes are or will be before it, by axis; None before the first point.
        elapsed: instrument time since the run began, s.
    """

    kind: ClassVar[str] = "ask"
    number: int
    at: dict[str, float] | None = None
    elapsed: float = 0.0

    @property
    def key(self) -> Key:
        """What makes two of these the same."""
        return (self.kind, self.number)


@dataclass(frozen=True, slots=True)
class Wish:
    """Request: an operator asks for a point; it is what the next `Ask` is answered with.

    Attributes:
        number: of the request, from 1; the engine counts wishes and exclusions together.
        position: where, by axis.
    """

    kind: ClassVar[str] = "wish"
    number: int
    position: dict[str, float]

    @property
    def key(self) -> Key:
        """What makes two of these the same."""
        return (self.kind, self.number)


@dataclass(frozen=True, slots=True)
class Exclude:
    """Request: an operator wants nothing more measured in a region.

    Attributes:
        number: of the request, from 1; the engine counts wishes and exclusions together.
        region: its description, as `forbidden` of a plan has them.
    """

    kind: ClassVar[str] = "exclude"
    number: int
    region: dict[str, Any]

    @property
    def key(self) -> Key:
        """What makes two of these the same."""
        return (self.kind, self.number)


@dataclass(frozen=True, slots=True)
class Finish:
    """Request: the run has ended; write maps and components."""

    kind: ClassVar[str] = "finish"

    @property
    def key(self) -> Key:
        """What makes two of these the same."""
        return (self.kind, 0)


@dataclass(frozen=True, slots=True)
class Done:
    """Answer to `Begin`, `Wish`, `Exclude` and `Finish`."""

    kind: ClassVar[str] = "done"
    key: Key


@dataclass(frozen=True, slots=True)
class Failed:
    """Answer: the request cannot be met.

    Attributes:
        key: the request's.
        reason: one line for a person.
        full: the file that a full disk has no room for; empty where something else is wrong.
    """

    kind: ClassVar[str] = "failed"
    key: Key
    reason: str
    full: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """Answer to `Observe`.

    Attributes:
        number: the point.
        value: the objective there; NaN where the measurement failed or no objective was given.
        error: its standard deviation; NaN where unknown.
        best_value: best objective of all points so far; NaN where there is none.
        best_position: where that was, by axis; empty where there is none.
        analyse_ms: time to read and analyse the frames, ms.
        tell_ms: time to tell the optimiser and save its state, ms.
        detections: what was found in the point's frames: a list per column, one entry per detection.
    """

    kind: ClassVar[str] = "observed"
    number: int
    value: float
    error: float
    best_value: float
    best_position: dict[str, float]
    analyse_ms: float
    tell_ms: float
    detections: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """The request's."""
        return (Observe.kind, self.number)


@dataclass(frozen=True, slots=True)
class Suggested:
    """Answer to `Ask`: a position and why, or the reason to stop.

    Attributes:
        number: the point.
        position: where to measure it, by axis; empty where the scan should stop.
        reason: how it was chosen, e.g. "expected improvement".
        mean: the model's mean there, in units of the objective; NaN without a model.
        deviation: the model's standard deviation there.
        acquisition: the acquisition function's value there.
        travel_cost: time to get there, s.
        milliseconds: time the choice took, ms.
        stop: why the scan should end; empty where it should go on.
    """

    kind: ClassVar[str] = "suggested"
    number: int
    position: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    mean: float = float("nan")
    deviation: float = float("nan")
    acquisition: float = float("nan")
    travel_cost: float = float("nan")
    milliseconds: float = 0.0
    stop: str = ""

    @property
    def key(self) -> Key:
        """The request's."""
        return (Ask.kind, self.number)


ALIVE: dict[str, Any] = {"kind": "alive"}
"""A sign of life: answers nothing, and comes also while something takes long."""

Request = Begin | Observe | Ask | Wish | Exclude | Finish
Answer = Done | Failed | Observed | Suggested
_MESSAGES: dict[str, type[Request | Answer]] = {
    message.kind: message for message in (Begin, Observe, Ask, Wish, Exclude, Finish, Done, Failed, Observed, Suggested)
}


def pack(message: Request | Answer) -> dict[str, Any]:
    """The message as plain types."""
    return {"kind": message.kind, **asdict(message)}


def unpack(plain: dict[str, Any]) -> Request | Answer:
    """The message that `pack` made plain.

    Raises:
        KeyError: when the kind is unknown.
        TypeError: when a field is missing or unknown.
    """
    fields = {name: value for name, value in plain.items() if name != "kind"}
    if "frames" in fields:
        fields["frames"] = {key: _layout(item) for key, item in fields["frames"].items()}
    if plain["kind"] in (Done.kind, Failed.kind):
        fields["key"] = (str(fields["key"][0]), int(fields["key"][1]))
    return _MESSAGES[plain["kind"]](**fields)


def _layout(plain: dict[str, Any]) -> FrameLayout:
    rows, columns = plain["shape"]
    pixel = plain.get("pixel")
    size = None if pixel is None else (float(pixel[0]), float(pixel[1]))
    return FrameLayout((int(rows), int(columns)), plain["dtype"], tuple(plain["bad"]), plain["frames"], size)
