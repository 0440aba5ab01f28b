"""The report: self-contained, complete, true to the run, and whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from daemon.campaign import Axis, Choice, Point
from daemon.errors import DiskFull, RecorderError
from daemon.report import write_report
from daemon.report.content import Components, Content
from daemon.report.gather import _pixel_coordinates, gather
from daemon.report.page import render
from daemon.runs import Run

FETCHED = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}


class Page(HTMLParser):
    """Collects what a browser would fetch, and the text that a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and what it would load."""
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in FETCHED]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


def external(text: str) -> list[str]:
    """What the page would load from elsewhere, by tags or by style sheets."""
    found = [link for link in Page(text).fetched if not link.startswith(("#", "data:"))]
    return found + [
        link for link in re.findall(r"url\(([^)]*)\)", text) if not link.strip("'\"").startswith(("#", "data:"))
    ]


def make_content(points: int = 20, seed: int = 0, dimensions: int = 2) -> Content:
    """A campaign that never ran."""
    rng = np.random.default_rng(seed)
    axes = tuple(Axis(name, "µm", 0.0, high, 16) for name, high in (("stage_x", 150.0), ("stage_y", 75.0))[:dimensions])
    coordinates = tuple(np.linspace(axis.low, axis.high, 16) for axis in axes)
    measured = tuple(
        Point(
            number,
            tuple(float(rng.choice(values)) for values in coordinates),
            float(rng.normal()),
            0.1,
            Choice(number, (), "initial design" if number < 6 else "expected improvement", 0.5, 0.1, -2.0),
            {"motion": 1.0, "exposure": 2.0, "ask": 0.004},
        )
        for number in range(1, points + 1)
    )
    shape = (16,) * dimensions
    return Content(
        path=Path("/data/runs/2026-01-01/7-0123abcd.zarr"),
        start={"uid": "0123abcd", "scan_id": 7, "plan_name": "autonomous_scan", "time": 1.7e9, "sample": "<b>film</b>"},
        stop={"time": 1.7e9 + 60, "exit_status": "success", "reason": ""},
        axes=axes,
        objective="detector_total",
        maximize=True,
        points=measured,
        maps={name: rng.normal(size=shape) for name in ("mean", "deviation", "acquisition")},
        coordinates=coordinates,
        components=Components(rng.random((4, 8, 8)), (0.0, 1.0, 2.0, 3.0), ("Qx (Å⁻¹)", "Qz (Å⁻¹)"), np.arange(8.0), 2),
        stack=None,
        survey=None,
        grid_points=256,
        grid_seconds=768.0,
        seconds=60.0,
        versions={"beampilot": "0.1"},
    )


@pytest.fixture(scope="module")
def text(demo: dict[str, Any]) -> str:
    """The report that the demo wrote."""
    return Path(demo["report"]).read_text(encoding="utf-8")


def test_nothing_is_fetched(text: str) -> None:
    """It opens offline: no tag and no style names anything outside the file, and no script talks to anyone."""
    assert external(text) == []
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(|@import|<link|<iframe", text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_external_links_would_be_seen() -> None:
    """The test above can fail."""
    assert external('<img src="https://example.org/a.png"><p style="background:url(//example.org/b.png)">') != []


def test_size_is_fit_for_mail(text: str) -> None:
    """Below two megabytes."""
    assert len(text.encode()) < 2_000_000


def test_every_part_is_there(text: str, demo: dict[str, Any]) -> None:
    """Maps, convergence, components, timing, metadata, and a row per point."""
    page = Page(text)
    seen = " ".join(page.texts)
    for heading in ("What the model learned", "How it got there", "What the frames are made of", "Where the time went"):
        assert heading in seen
    for words in ("Expected value", "Uncertainty", "Where to measure next", "stage_x (µm)", "expected improvement"):
        assert words in seen
    assert demo["uid"] in seen
    assert page.tags.count("svg") == 7
    assert len(re.findall(r'<tr id="row-\d+"', text)) == demo["points"]
    assert len(re.findall(r'id="map-mean-point-\d+"><title>point ', text)) == demo["points"]


def test_identifiers_are_unique(text: str) -> None:
    """Seven figures on one page must not borrow each other's markers and clip paths."""
    found = re.findall(r'\bid="([^"]+)"', text)
    assert len(found) == len(set(found))
    for target in re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", text):
        assert max(target) in set(found)


def test_svg_is_well_formed(text: str) -> None:
    """Every figure parses as XML."""
    from xml.etree import ElementTree as ET

    figures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert figures
    for figure in figures:
        ET.fromstring(figure)  # noqa: S314 - our own figure


def test_maps_are_to_scale(text: str, demo: dict[str, Any]) -> None:
    """One µm is as long along x as along y: the image of a square grid is a square."""
    (matrix,) = re.findall(r'id="map-mean-image[^"]*"[^>]*transform="matrix\(([^)]*)\)', text)[:1]
    scale_x, _, _, scale_y, *_ = (float(part) for part in matrix.split())
    shape = Run(Path(demo["run"])).analysis("optimization")["mean"].shape
    assert shape == (31, 31)
    assert abs(scale_x) == pytest.approx(abs(scale_y), rel=1e-3)


def test_maps_of_an_oblong_space_are_to_scale() -> None:
    """A field twice as wide as high is drawn twice as wide as high."""
    content = make_content()
    drawn = render(content)
    (matrix,) = re.findall(r'id="map-mean-image[^"]*"[^>]*transform="matrix\(([^)]*)\)', drawn)[:1]
    scale_x, _, _, scale_y, *_ = (float(part) for part in matrix.split())
    assert abs(scale_x / scale_y) == pytest.approx(2.0, rel=1e-3)


def test_operators_words_are_escaped() -> None:
    """Metadata cannot put markup or scripts into the page."""
    drawn = render(make_content())
    assert "<b>film</b>" not in drawn
    assert "&lt;b&gt;film&lt;/b&gt;" in drawn


def variants() -> Iterator[Any]:
    """Campaigns with something missing."""
    full = make_content()
    nothing = replace(full, points=(), maps={}, components=None, seconds=0.0, stop={})
    failed = replace(full, points=tuple(replace(point, value=float("nan")) for point in full.points))
    yield pytest.param(nothing, ["Nothing was measured", "still open"], id="nothing measured")
    yield pytest.param(failed, ["Nothing was measured", "failed"], id="every measurement failed")
    yield pytest.param(replace(full, maps={}, coordinates=()), ["How it got there"], id="no maps")
    yield pytest.param(make_content(dimensions=1), ["What the model learned"], id="one axis")
    yield pytest.param(make_content(points=1), ["with point 1;"], id="one point")
    yield pytest.param(make_content(points=400), ["400 of 256"], id="crowded")
    yield pytest.param(replace(full, maximize=False), ["The lowest value"], id="minimised")
    yield pytest.param(replace(full, axes=(), points=(), maps={}, coordinates=(), objective=""), [], id="foreign plan")
    loops = Components(np.ones((2, 1, 9)), (0.0, 1.0, 2.0, 3.0), ("step of Voltage", "y (pixel)"), np.arange(9.0), 0)
    yield pytest.param(replace(full, components=loops), ["step of Voltage", "component 0 (objective)"], id="spectra")
    plain = tuple(replace(point, choice=None) for point in full.points)
    yield pytest.param(replace(full, points=plain), ["Every point", "measured"], id="nobody chose")
    constant = {name: np.full((16, 16), 3.0) for name in full.maps}
    yield pytest.param(replace(full, maps=constant), ["What the model learned"], id="constant maps")
    empty = {name: np.full((16, 16), np.nan) for name in full.maps}
    yield pytest.param(replace(full, maps=empty), ["What the model learned"], id="maps of NaN")


@pytest.mark.parametrize(("content", "said"), list(variants()))
def test_whatever_is_missing(content: Content, said: list[str]) -> None:
    """A report is made of what there is."""
    seen = " ".join(Page(render(content)).texts)
    assert all(words in seen for words in said)


def test_reasons_are_left_out_where_nobody_chose() -> None:
    """A plain scan has no empty columns."""
    full = make_content()
    plain = render(replace(full, points=tuple(replace(point, choice=None) for point in full.points)))
    for words in ("why it was chosen", "expected before", "<th>reason</th>"):
        assert words in render(full)
        assert words not in plain


def test_spectra_are_curves_over_their_steps_where_the_coordinate_turns_back(tmp_path: Path) -> None:
    """A loop passes each voltage twice: the coordinate is no axis, and one row is no image."""
    zarr.create_group(tmp_path / "analysis" / "unmixing", attributes={"detector": "loop"})
    for name, values in (("loop_x", [0.0, 1.0, 0.0, -1.0, 0.0]), ("loop_y", [7.0])):
        data, attributes = np.array(values), {"long_name": "Voltage", "units": "V"}
        zarr.create_array(tmp_path / "primary" / name, data=data, attributes=attributes)
    (tmp_path / "journal.jsonl").touch()
    (horizontal, label), (vertical, other) = _pixel_coordinates(Run(tmp_path), (1, 5))
    assert (horizontal.tolist(), label) == ([0.0, 1.0, 2.0, 3.0, 4.0], "step of Voltage")
    assert (vertical.tolist(), other) == ([7.0], "Voltage (V)")


def test_points_are_scored_by_the_final_decomposition(demo: dict[str, Any]) -> None:
    """What was told while the decomposition still changed is replaced."""
    content = gather(Path(demo["run"]))
    weights = Run(Path(demo["run"])).analysis("unmixing")["weights"]
    column = int(re.findall(r"\d+", content.objective)[0])
    assert [point.value for point in content.points] == pytest.approx(weights[:, column].tolist(), rel=1e-6)


def test_instrument_time_adds_up(demo: dict[str, Any]) -> None:
    """Motion and exposure of all points are the time from the first exposure's begin to the last one's end."""
    run = Run(Path(demo["run"]))
    stamps = run.table()["ts_detector_total"]
    exposure = gather(Path(demo["run"])).points[0].times["exposure"]
    assert gather(Path(demo["run"])).seconds == pytest.approx(stamps[-1] - stamps[0] + exposure, rel=1e-6)


def test_full_disk_leaves_the_old_report(demo: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report is replaced whole or not at all."""
    target = tmp_path / "report.html"
    target.write_text("old")

    def full(path: Path, _: bytes) -> None:
        raise DiskFull(path, 0)

    monkeypatch.setattr("daemon.report.page.write_atomically", full)
    with pytest.raises(DiskFull):
        write_report(Path(demo["run"]), target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_no_run(tmp_path: Path) -> None:
    """A folder that holds no run is refused."""
    with pytest.raises(RecorderError, match="is not a run"):
        write_report(tmp_path)
