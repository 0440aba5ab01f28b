"""All runs of a data folder."""

from __future__ import annotations

from pathlib import Path

from daemon.errors import RecorderError, RunNotFound
from daemon.recorder.layout import JOURNAL, runs_folder
from daemon.runs.run import Run, RunSummary


class RunStore:
    """Finds runs.

    Args:
        data: the data folder; it need not exist yet.
    """

    def __init__(self, data: Path) -> None:
        self.data = data

    def paths(self) -> list[Path]:
        """Folders of all runs, by day and scan number, oldest first."""
        return sorted((path.parent for path in runs_folder(self.data).glob(f"*/*.zarr/{JOURNAL}")), key=_order)

    def list(self) -> list[RunSummary]:
        """All runs that can be read, oldest first."""
        summaries = []
        for path in self.paths():
            try:
                summaries.append(Run(path).summary())
            except (RecorderError, KeyError):  # one damaged run must not hide the others
                continue
        return sorted(summaries, key=lambda summary: summary.time)

    def find(self, text: str = "latest") -> Path:
        """The folder of one run.

        Args:
            text: a scan number (the newest run of that number), the beginning of a uid, a folder, or `latest`.

        Raises:
            RunNotFound: one line that says what there is.
        """
        given = Path(text).expanduser()
        if (given / JOURNAL).is_file():
            return given.resolve()
        paths = self.paths()
        if not paths:
            raise RunNotFound(f"no run {text!r}: there are no runs in {self.data}; name another folder with --data")
        if text == "latest":
            last_day = [path for path in paths if path.parent == paths[-1].parent]
            return max(last_day, key=lambda path: Run(path).start["time"])
        matches = _by_number(paths, text) or _by_uid(paths, text)
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = ", ".join(path.name for path in matches[:5])
            raise RunNotFound(f"{text!r} could be any of {len(matches)} runs ({names}); give more of the uid")
        newest = ", ".join(path.name.removesuffix(".zarr") for path in paths[-3:])
        raise RunNotFound(f"no run {text!r} among {len(paths)} in {self.data} (newest: {newest}); see `beampilot runs`")

    def open(self, text: str = "latest") -> Run:
        """The run that `find` finds."""
        return Run(self.find(text))


def _order(path: Path) -> tuple[str, int, str]:
    number = path.name.partition("-")[0]
    return path.parent.name, int(number) if number.isdecimal() else 0, path.name


def _by_number(paths: list[Path], text: str) -> list[Path]:
    """The newest run of a scan number: the number may have begun anew in a copied data folder."""
    return [path for path in paths if path.name.partition("-")[0] == text][-1:]


def _by_uid(paths: list[Path], text: str) -> list[Path]:
    """Runs whose uid, or whose folder's name, begins with the text."""
    short = [path for path in paths if path.name.startswith(text) or _uid8(path).startswith(text[:8])]
    return [path for path in short if path.name.startswith(text) or Run(path).start["uid"].startswith(text)]


def _uid8(path: Path) -> str:
    return path.stem.partition("-")[2]
