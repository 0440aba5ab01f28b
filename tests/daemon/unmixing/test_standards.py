"""Tables of standards as people have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InstrumentError, StackError
from daemon.factory_settings import LibrarySettings
from daemon.unmixing.standards import make_standards, read_standards

TABLE = "energy_eV,CuO,Cu2O\n932,1.5,0.5\n931,1,\n930,0.5,0.25\n933,2,1\n934,1,2\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two standards, unsorted, one with a gap."""
    (tmp_path / "cu.csv").write_text(TABLE)
    return tmp_path / "cu.csv"


def test_one_column_for_each_standard(table: Path) -> None:
    """Sorted by energy; a gap is left out of that standard alone."""
    library = read_standards([str(table)]).library
    assert list(library) == ["CuO", "Cu2O"]
    np.testing.assert_array_equal(library["CuO"], [[930, 931, 932, 933, 934], [0.5, 1, 1.5, 2, 1]])
    np.testing.assert_array_equal(library["Cu2O"][0], [930, 932, 933, 934])


@pytest.mark.parametrize(
    "text",
    [
        TABLE.replace(",", ";"),
        TABLE.replace(",,", ",nan,").replace(",\n", ",nan\n").replace(",", "\t"),
        "# measured in June\n#" + TABLE.replace(",\n", ",nan\n").replace(",", "  "),
        "\ufeff" + TABLE.replace("energy_eV", "Photon Energy (eV)"),
        TABLE.replace("energy_eV", "Energy (keV)").replace("\n93", "\n0.93"),
    ],
)
def test_other_ways_to_write_it(text: str, table: Path) -> None:
    """Separators, comments, a byte order mark, and kilo-electronvolts."""
    expected = read_standards([str(table)]).library
    table.write_text(text, encoding="utf-8")
    found = read_standards([str(table)]).library
    assert list(found) == list(expected)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


def test_names_given_by_hand(table: Path) -> None:
    """A prefix for all columns, or a name for one."""
    assert list(read_standards([f"ref={table}"]).library) == ["ref CuO", "ref Cu2O"]
    assert list(read_standards([f"cupric={table}:CuO"]).library) == ["cupric"]
    both = read_standards([f"{table}:CuO", f"cuprous={table}:Cu2O"]).library
    assert list(both) == ["CuO", "cuprous"]


def test_yields_of_one_substance_are_one_standard(real_data: Path) -> None:
    """A real table: electron yield and fluorescence yield of CuO."""
    found = read_standards([f"CuO={real_data / 'cuo-cu-l23-xas.csv'}"])
    energies, values = found.library["CuO"]
    assert list(found.library) == ["CuO"]
    assert energies[values.argmax()] == pytest.approx(930.9, abs=0.15)
    assert "total_electron_yield was taken, not partial_fluorescence_yield" in found.notes[0]
    other = read_standards([f"CuO={real_data / 'cuo-cu-l23-xas.csv'}:partial_fluorescence_yield"])
    assert not np.allclose(other.library["CuO"][1], values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2\n3\n", "line 2 has 1 columns, those before it 2"),
        ("energy,CuO\n1,two\n2,3\n", "line 2: 'two' is no number"),
        ("930\n931\n", "a column of energies and one for each standard"),
        ("energy,CuO\n930,1\n931,2\n", "at least 3 energies"),
        ("", "a column of energies"),
    ],
)
def test_what_is_wrong_with_a_table(text: str, words: str, table: Path) -> None:
    """The line is named."""
    table.write_text(text)
    with pytest.raises(StackError, match=words) as raised:
        read_standards([str(table)])
    assert "cu.csv" in str(raised.value)


def test_what_is_wrong_with_a_name(table: Path) -> None:
    """A file that is not there, a column that is not there, two of one name."""
    with pytest.raises(StackError, match="no such file; give it as FILE, NAME=FILE or NAME=FILE:COLUMN"):
        read_standards(["CuO=missing.csv"])
    with pytest.raises(StackError, match="has the columns CuO, Cu2O"):
        read_standards([f"{table}:Cu"])
    with pytest.raises(StackError, match="two standards named 'Cu2O'"):
        read_standards([str(table), str(table)])


SOURCE = """
import numpy as np

def library(energies, edge):
    return {"CuO": np.exp(-(energies - edge) ** 2), "flat": np.ones_like(energies)}

def short(energies):
    return {"CuO": [1.0, 2.0]}
"""


def test_a_function_that_the_settings_name(tmp_path: Path) -> None:
    """It is asked for more energies than the stack has, so that scales may be shifted."""
    (tmp_path / "own_standards.py").write_text(SOURCE)
    energies = np.linspace(930.0, 935.0, 11)
    settings = LibrarySettings(factory="own_standards:library", options={"edge": 931.0}, path=tmp_path)
    library = make_standards(settings, energies).library
    own, values = library["CuO"]
    assert own[0] <= 928.0
    assert own[-1] >= 937.0
    assert own[values.argmax()] == pytest.approx(931.0, abs=0.05)


@pytest.mark.parametrize(
    ("factory", "error", "words"),
    [
        ("own_standards:short", StackError, "must return spectra by name"),
        ("own_standards:library", StackError, r"library failed: .*edge"),
        ("own_standards:other", InstrumentError, "analysis.standards.factory .* has no function other"),
        ("not_there_at_all:f", InstrumentError, "or name its folder in analysis.standards.path"),
    ],
)
def test_what_is_wrong_with_a_function(factory: str, error: type[Exception], words: str, tmp_path: Path) -> None:
    """It is named, and what to change."""
    (tmp_path / "own_standards.py").write_text(SOURCE)
    with pytest.raises(error, match=words):
        make_standards(LibrarySettings(factory=factory, path=tmp_path), np.linspace(930.0, 935.0, 11))
