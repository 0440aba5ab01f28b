"""What can be set: one TOML file, `BEAMPILOT_…` variables on top of it, the command line's options on top of those."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import platformdirs
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource

from daemon.base import StrictModel
from daemon.errors import SettingsError
from daemon.factory_settings import InstrumentSettings, LibrarySettings
from daemon.fault_settings import FaultSettings
from daemon.guard_settings import SuspenderSettings
from daemon.retention_settings import RetentionSettings
from daemon.serve_settings import QueueSettings, ServerSettings, SocketSettings, TiledSettings
from daemon.settings_errors import explain
from daemon.stream_settings import StreamSettings

DEFAULT_FILE = Path(__file__).with_name("default_settings.toml")
"""The settings used when no file is named: the diffractometer twin."""
ENV_PREFIX = "BEAMPILOT_"
"""Environment variables begin with it; `BEAMPILOT_RECORDER__DURABILITY` sets `durability` in the section `recorder`."""
API_KEY_VARIABLE = "BEAMPILOT_API_KEY"
"""The variable that sets `server.api_key`; the one with a name of its own, because clients read it too."""


class Window(StrictModel):
    """A rectangle of a frame, in pixels."""

    rows: tuple[int, int]
    """First row and the row after the last one."""
    cols: tuple[int, int]
    """First column and the column after the last one."""

    @model_validator(mode="after")
    def _ordered(self) -> Window:
        for name, (low, high) in (("rows", self.rows), ("cols", self.cols)):
            if not 0 <= low < high:
                raise ValueError(f"{name} must be [first, last + 1] with 0 <= first < last + 1, not [{low}, {high}]")
        return self


class UnmixingSettings(StrictModel):
    """How the frames of a scan are decomposed into components."""

    components: int = Field(default=4, ge=1, le=64)
    """Number of components."""
    detector: str = "detector"
    """Data key of the frames."""
    refit_every: int = Field(default=4, ge=1)
    """The components are fitted again each time this many new frames have come."""
    max_misfit: float | None = Field(default=None, gt=0)
    """A frame that the components explain worse than this, as a reduced chi-square, is a failed measurement."""
    max_total: float | None = Field(default=None, gt=1)
    """A frame whose weights add up to more than this many times the median is a failed measurement."""
    anchors: dict[str, Window] = Field(default_factory=dict)
    """Windows that give components their identity: component k is the one strongest in the k-th window."""
    roi: dict[str, Window] = Field(default_factory=dict)
    """Windows by name that an objective can use, as in `roi.peak.sum`."""

    @model_validator(mode="after")
    def _enough_components(self) -> UnmixingSettings:
        if len(self.anchors) > self.components:
            raise ValueError(f"{len(self.anchors)} anchors need as many components, but components = {self.components}")
        return self


class AnalysisSettings(StrictModel):
    """What is computed from the measured points."""

    unmixing: UnmixingSettings = UnmixingSettings()
    """How the frames of a scan are decomposed into components."""
    stream: StreamSettings = StreamSettings()
    """What is done with frames while they arrive: a chain of steps that each frame passes."""
    standards: LibrarySettings | None = None
    """Standard spectra that found ones are compared with: in stack scans, and by `beampilot unmix` without a file."""


class AnalystSettings(StrictModel):
    """The process that thinks: optimiser, unmixing, detectors."""

    threads: int | None = Field(default=None, ge=1)
    """Threads for linear algebra; without it, one less than there are cores, and at least one."""
    niceness: int = Field(default=10, ge=0, le=19)
    """How far the process steps back when others want the processor (0 not at all, 19 most)."""
    startup_timeout: float = Field(default=60.0, gt=0)
    """How long the process may take to start, s."""
    silence: float = Field(default=20.0, gt=2.0)
    """A process that gives no sign of life for so long is ended and started again, s."""
    debug_delay: float = Field(default=0.0, ge=0)
    """For trials only: every suggestion takes this much longer, s."""


class ControlSettings(StrictModel):
    """How long commands to a running plan may take before the next harder one is used."""

    pause_deadline: float = Field(default=5.0, gt=0)
    """How long a plan may take to stand still, s."""
    end_deadline: float = Field(default=10.0, gt=0)
    """How long a plan may take to clean up after a stop or an abort before it is halted, s."""
    halt_deadline: float = Field(default=5.0, gt=0)
    """How long a halt may take before the engine's process is ended and the run closed from its journal, s."""


class RecorderSettings(StrictModel):
    """How runs are written."""

    durability: Literal["process", "power"] = "process"
    """What an acknowledged event survives: the death of every process, or also a power cut (slower)."""
    codec: Literal["none", "lz4", "lz4-bytes", "zstd", "zstd-bytes", "zstd-plain"] = "lz4"
    """How frames are packed; each loses nothing. `none` is the fastest, and packs them when the run is closed."""
    block_events: int = Field(default=256, ge=1, le=65536)
    """Arrays are written at the latest when this many events wait."""
    block_seconds: float = Field(default=1.0, gt=0)
    """Arrays are written at the latest this long after an event, s."""
    least_free: int = Field(default=64_000_000, ge=0)
    """What a scan leaves free on its disk, bytes; it waits before the last point that fits, until there is room."""


class LogSettings(StrictModel):
    """The logs in the data folder."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe messages that are kept."""
    max_bytes: int = Field(default=10_000_000, ge=10_000)
    """A log file that grows beyond this is put aside and a new one begun, bytes."""
    backups: int = Field(default=5, ge=1)
    """How many files put aside are kept."""


class Settings(StrictModel):
    """Everything that can be set."""

    data: Path = Field(default_factory=lambda: platformdirs.user_data_path("beampilot"))
    """Folder for runs and logs; the option --data overrides it."""
    instrument: InstrumentSettings
    """The instrument: a Python function that makes its devices."""
    plans: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Default parameters of plans, by the plan's name."""
    analysis: AnalysisSettings = AnalysisSettings()
    """What is computed from the measured points."""
    analyst: AnalystSettings = AnalystSettings()
    """The process that thinks: optimiser, unmixing, detectors."""
    control: ControlSettings = ControlSettings()
    """How long commands to a running plan may take before the next harder one is used."""
    recorder: RecorderSettings = RecorderSettings()
    """How runs are written."""
    faults: FaultSettings = FaultSettings()
    """What happens when a device fails during a scan."""
    suspenders: tuple[SuspenderSettings, ...] = ()
    """Signals that suspend the scan while they say that measuring makes no sense."""
    logs: LogSettings = LogSettings()
    """The logs in the data folder."""
    server: ServerSettings = ServerSettings()
    """The HTTP server, and what it keeps."""
    sockets: SocketSettings = SocketSettings()
    """The ZMQ sockets that the engine binds."""
    queue: QueueSettings = QueueSettings()
    """The queue of plans."""
    tiled: TiledSettings = TiledSettings()
    """The Tiled server in which runs are registered."""
    retention: RetentionSettings = RetentionSettings()
    """How long what is kept; without a number, for ever."""

    @field_validator("data")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()


def load_settings(file: Path | None = None, **overrides: object) -> Settings:
    """Reads the settings.

    Args:
        file: a TOML file; without it, the diffractometer twin's settings that come with Beampilot.
        **overrides: values that win over the environment and the file; those that are None are left out.

    Raises:
        SettingsError: when the file cannot be read, or a field is unknown, missing or wrong; one line per field.
    """
    place = "settings" if file is None else str(file)
    return _combined(place, _read(DEFAULT_FILE if file is None else file), overrides)


def settings_of_run(run: Path, recorded: Mapping[str, Any], **overrides: object) -> Settings:
    """The settings that a run was made with; environment and command line win over them, as over a file.

    Args:
        run: the run's folder, for error messages.
        recorded: the settings in its attributes.
        **overrides: values that win over the environment and the run; those that are None are left out. The data
            folder is never taken from the run, which may have been moved.

    Raises:
        SettingsError: when they do not fit this version of Beampilot; one line per field.
    """
    known = {name: value for name, value in recorded.items() if name != "data"}
    try:
        return _combined(str(run), known, overrides)
    except SettingsError as error:
        raise SettingsError(f"{error}; the run's own settings cannot be used, so name a file with --settings") from None


def _combined(place: str, values: Mapping[str, Any], overrides: Mapping[str, object]) -> Settings:
    """The settings from one place, with the environment and then the overrides on top."""
    given = {name: value for name, value in overrides.items() if value is not None}
    sources = {place: values, "environment": _environment(), "command line": given}
    merged: dict[str, Any] = {}
    for values in sources.values():
        merged = _merged(merged, values)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise SettingsError(explain(error, Settings, sources)) from error


def _environment() -> dict[str, Any]:
    # pydantic-settings asks for a class of its own only because such a class would read the environment by itself.
    fields = cast("type[BaseSettings]", Settings)
    try:
        found = EnvSettingsSource(fields, env_prefix=ENV_PREFIX, env_nested_delimiter="__")()
    except ValueError as error:
        raise SettingsError(f"environment: {error}; a section's variable must hold JSON") from error
    key = os.environ.get(API_KEY_VARIABLE)
    return _merged(found, {"server": {"api_key": key}}) if key else found


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        text = f"cannot read the settings {file}: {error.strerror}; check the name after --settings"
        raise SettingsError(text) from error
    except ValueError as error:  # TOML's syntax, or bytes that are not UTF-8
        raise SettingsError(f"{file} is not valid TOML: {error}") from error


def _merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Both, where `high` wins field by field; free dictionaries (options, plans) are merged like sections."""
    result = dict(low)
    for name, value in high.items():
        below = result.get(name)
        result[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
