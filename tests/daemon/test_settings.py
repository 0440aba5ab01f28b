"""Settings: where they come from, and what a person reads who got one wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from daemon.errors import SettingsError
from daemon.serve_settings import ServerSettings, server_url
from daemon.settings import DEFAULT_FILE, Settings, load_settings, settings_of_run
from simulators.diffractometer.features import feature_regions

INSTRUMENT = '[instrument]\nfactory = "a:b"\n'


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("BEAMPILOT_"):
            monkeypatch.delenv(name)


def written(folder: Path, text: str) -> Path:
    """A settings file with that text."""
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def complaint(path: Path) -> str:
    """What is said about a settings file that is wrong."""
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_without_a_file_the_twin_is_driven() -> None:
    """The default: the smooth preset on the fastest clock, in the user's data folder."""
    settings = load_settings()
    assert settings.instrument.factory == "simulators.diffractometer:instrument"
    assert settings.instrument.options["preset"] == "smooth"
    assert settings.instrument.options["clock"] == "fastest"
    assert set(settings.plans) == {"autonomous_scan", "grid_scan"}
    assert settings.data.is_absolute()


def test_options_win_over_variables_and_variables_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section by section, field by field."""
    path = written(tmp_path, f'data = "/file"\n{INSTRUMENT}[recorder]\nblock_events = 7\nblock_seconds = 3.0\n')
    monkeypatch.setenv("BEAMPILOT_RECORDER__BLOCK_EVENTS", "9")
    assert load_settings(path).data == Path("/file")
    monkeypatch.setenv("BEAMPILOT_DATA", "/variable")
    assert load_settings(path, data=None).data == Path("/variable")
    settings = load_settings(path, data=Path("relative"))
    assert settings.data == Path.cwd() / "relative"
    assert (settings.recorder.block_events, settings.recorder.block_seconds) == (9, 3.0)


def test_a_file_of_ones_own_takes_nothing_from_the_twin(tmp_path: Path) -> None:
    """Default axes of the twin must never reach a real instrument."""
    settings = load_settings(written(tmp_path, INSTRUMENT))
    assert settings.plans == {}
    assert settings.analysis.unmixing.anchors == {}


def test_windows_and_anchors(tmp_path: Path) -> None:
    """Windows are half-open ranges of pixels, in the order of the file."""
    text = f"""{INSTRUMENT}
    [analysis.unmixing]
    components = 2
    [analysis.unmixing.anchors]
    substrate = {{ rows = [1, 3], cols = [0, 64] }}
    film = {{ rows = [9, 12], cols = [5, 6] }}
    """
    unmixing = load_settings(written(tmp_path, text)).analysis.unmixing
    assert list(unmixing.anchors) == ["substrate", "film"]
    assert unmixing.anchors["film"].rows == (9, 12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "instrument: is missing; set it: The instrument"),
        ("[instrument]\n", "instrument.factory: is missing; set it: The function, as"),
        (f"{INSTRUMENT}[recoder]\n", "recoder: unknown setting; did you mean recorder?"),
        (
            f"{INSTRUMENT}[recorder]\nxyz = 1\n",
            "recorder.xyz: unknown setting; known here: block_events, block_seconds",
        ),
        (
            f'{INSTRUMENT}[recorder]\ndurability = "no"\n',
            "recorder.durability: input should be 'process' or 'power' (it",
        ),
        (f"{INSTRUMENT}[recorder]\nblock_events = 0\n", "recorder.block_events: input should be greater than or equal"),
        ('[instrument]\nfactory = "no colon"\n', "instrument.factory: string should match pattern"),
        (
            f"{INSTRUMENT}[analysis.unmixing.anchors.film]\nrows = [3, 3]\ncols = [0, 1]\n",
            "analysis.unmixing.anchors.film: rows must be [first, last + 1] with 0 <= first < last + 1, not [3, 3]",
        ),
        (
            f"{INSTRUMENT}[analysis.unmixing.roi.film]\nrow = [3, 4]\ncols = [0, 1]\nrows = [0, 1]\n",
            "analysis.unmixing.roi.film.row: unknown setting; did you mean rows?",
        ),
        (
            f"{INSTRUMENT}[analysis.unmixing]\ncomponents = 1\nanchors = "
            "{ a = { rows = [0, 1], cols = [0, 1] }, b = { rows = [0, 1], cols = [0, 1] } }\n",
            "analysis.unmixing: 2 anchors need as many components, but components = 1",
        ),
    ],
)
def test_each_mistake_has_one_line_that_says_what_to_change(tmp_path: Path, text: str, expected: str) -> None:
    """The file, the field's path, and advice."""
    path = written(tmp_path, text)
    said = complaint(path)
    assert said.startswith(f"{path}: {expected}")
    assert "\n" not in said


def test_two_mistakes_have_two_lines(tmp_path: Path) -> None:
    """All of them at once, so that a person need not come back."""
    said = complaint(written(tmp_path, f"zzz = 1\n{INSTRUMENT}[analyst]\nniceness = 99\n"))
    assert len(said.splitlines()) == 2


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, not TOML, not text."""
    assert "No such file or directory; check the name after --settings" in complaint(tmp_path / "none.toml")
    assert "Is a directory" in complaint(tmp_path)
    assert "is not valid TOML" in complaint(written(tmp_path, "a = ["))
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe")
    assert "is not valid TOML" in complaint(tmp_path / "settings.toml")


def test_variables_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words for the environment."""
    monkeypatch.setenv("BEAMPILOT_RECORDER__DURABILTY", "power")
    with pytest.raises(SettingsError, match=r"environment: recorder\.durabilty: unknown setting; did you mean dur"):
        load_settings()
    monkeypatch.delenv("BEAMPILOT_RECORDER__DURABILTY")
    monkeypatch.setenv("BEAMPILOT_RECORDER", "power")
    with pytest.raises(SettingsError, match=r"environment: .*recorder.*must hold JSON"):
        load_settings()


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and all models inside it."""
    yield model
    for field in model.model_fields.values():
        for annotation in (field.annotation, *get_args(field.annotation)):
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                yield from models(annotation)


@pytest.mark.parametrize("model", list(dict.fromkeys(models(Settings))), ids=lambda model: model.__name__)
def test_every_field_is_described_and_unknown_ones_are_refused(model: type[BaseModel]) -> None:
    """The reference is made from these descriptions."""
    assert model.model_config.get("extra") == "forbid"
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name}"
        assert field.description.endswith(".")


def test_the_default_file_is_a_complete_example() -> None:
    """It can be copied and named with --settings."""
    assert load_settings(DEFAULT_FILE) == load_settings()


def test_the_default_windows_are_those_of_the_twin() -> None:
    """The windows lie on the peaks of the simulated film, and the objective's component is the tilted one."""
    settings = load_settings()
    regions = feature_regions()
    for windows in (settings.analysis.unmixing.anchors, settings.analysis.unmixing.roi):
        assert {name: (window.rows, window.cols) for name, window in windows.items()} == {
            name: (region.rows, region.columns) for name, region in regions.items()
        }
    number = list(settings.analysis.unmixing.anchors).index("tilted")
    assert settings.plans["autonomous_scan"]["objective"] == f"unmixing.weights[{number}]"


def test_settings_of_a_run_are_those_it_was_made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Except the data folder, and what the environment says today; nothing of the default file slips in."""
    path = written(tmp_path, f'data = "/then"\n{INSTRUMENT}path = "classes"\n[recorder]\nblock_events = 7\n')
    then = load_settings(path)
    recorded = then.model_dump(mode="json")
    monkeypatch.chdir("/")
    again = settings_of_run(tmp_path, recorded, data=tmp_path)
    assert again == then.model_copy(update={"data": tmp_path})
    monkeypatch.setenv("BEAMPILOT_RECORDER__BLOCK_EVENTS", "9")
    assert settings_of_run(tmp_path, recorded).recorder.block_events == 9
    assert settings_of_run(tmp_path, recorded).data == load_settings().data


def test_settings_of_a_run_that_no_longer_fit(tmp_path: Path) -> None:
    """The line names the run and the way out."""
    recorded = {"instrument": {"factory": "a:b"}, "recorder": {"pace": 3}}
    with pytest.raises(SettingsError, match=r"recorder\.pace: unknown setting.*name a file with --settings") as caught:
        settings_of_run(tmp_path / "1-abc.zarr", recorded)
    assert str(caught.value).startswith(str(tmp_path / "1-abc.zarr"))


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            '[server]\nhost = "0.0.0.0"\n',
            "server: host = '0.0.0.0' can be reached from other machines: set certificate",
        ),
        ('[server]\nhost = "beamline.example"\n', "server: host = 'beamline.example' can be reached"),
        ('[server]\ncertificate = "a.pem"\n', "server: certificate and certificate_key belong together"),
        ("[server]\nport = 0\n", "server.port: input should be greater than or equal to 1"),
        (
            '[sockets]\ndocuments = "tcp://*:5578"\n',
            "sockets: documents = 'tcp://*:5578' can be reached from other machines: set curve = true",
        ),
        ('[sockets]\nstatus = "tcp://192.168.1.2:5580"\n', "sockets: status = 'tcp://192.168.1.2:5580' can be reached"),
        ('[sockets]\nstatus = "tcp://127.0.0.1"\n', "sockets.status: an address looks like tcp://127.0.0.1:5578"),
        ('[sockets]\nstatus = "tcp://127.0.0.1:x"\n', "sockets.status: port could not be cast"),
        ('[sockets]\nstatus = "udp://127.0.0.1:1"\n', "sockets.status: an address looks like"),
    ],
)
def test_doors_to_other_machines_need_a_lock(tmp_path: Path, section: str, expected: str) -> None:
    """An open address without TLS is refused, with the setting to change."""
    path = written(tmp_path, INSTRUMENT + section)
    said = complaint(path)
    assert said.startswith(f"{path}: {expected}")
    assert "\n" not in said


@pytest.mark.parametrize(
    "section",
    [
        '[server]\nhost = "::1"\n[sockets]\nstatus = "tcp://[::1]:5580"\n',
        '[server]\nhost = "localhost"\n[sockets]\nstatus = "ipc:///run/beampilot/status"\n',
        '[server]\nhost = "0.0.0.0"\nbehind_proxy = true\n',
        '[server]\nhost = "0.0.0.0"\ncertificate = "a.pem"\ncertificate_key = "b.pem"\n',
    ],
)
def test_doors_that_are_safe(tmp_path: Path, section: str) -> None:
    """Loopback in all its spellings, a proxy, TLS."""
    load_settings(written(tmp_path, INSTRUMENT + section))


def test_secrets_are_in_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs keep the settings, and everybody who reads runs reads those."""
    path = written(tmp_path, f'{INSTRUMENT}[server]\napi_key = "file-key"\ndatabase = "postgresql://u:pw@h/d"\n')
    assert load_settings(path).server.api_key == "file-key"
    monkeypatch.setenv("BEAMPILOT_API_KEY", "env-key")
    settings = load_settings(path)
    assert settings.server.api_key == "env-key"
    assert settings.server.database == "postgresql://u:pw@h/d"
    for text in (repr(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "key'" not in text.replace("certificate_key'", "")
        assert "env-key" not in text
        assert "postgresql" not in text


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8710"),
        ("::1", "http://[::1]:8710"),
        ("0.0.0.0", "http://127.0.0.1:8710"),  # noqa: S104 - a proxy is in front
        ("::", "http://[::1]:8710"),
    ],
)
def test_where_this_machine_reaches_the_server(host: str, url: str) -> None:
    """An address that means all of them is reached on loopback."""
    assert server_url(ServerSettings(host=host, behind_proxy=True)) == url
