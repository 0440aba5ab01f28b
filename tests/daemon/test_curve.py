"""Keys of ZMQ sockets, as files."""

from __future__ import annotations

from pathlib import Path

import pytest
import zmq.auth

from daemon.curve import clients_folder, keys_folder, make_client_keys, server_keys
from daemon.errors import SettingsError


def test_a_client_gets_its_pair_and_the_servers_public_key(tmp_path: Path) -> None:
    """Secrets are readable by their owner only, and the client's secret stays out of the data folder."""
    data, target = tmp_path / "data", tmp_path / "keys"
    keys = make_client_keys(data, "viewer", target)
    assert sorted(path.name for path in target.iterdir()) == ["server.key", "viewer.key_secret"]
    assert [path.name for path in clients_folder(data).iterdir()] == ["viewer.key"]
    public, secret = zmq.auth.load_certificate(keys.secret)
    assert secret
    assert zmq.auth.load_certificate(clients_folder(data) / "viewer.key") == (public, None)
    assert zmq.auth.load_certificate(keys.server) == (zmq.auth.load_certificate(server_keys(data))[0], None)
    for path in (keys.secret, server_keys(data), keys_folder(data)):
        assert path.stat().st_mode & 0o077 == 0


def test_the_servers_keys_are_made_once(tmp_path: Path) -> None:
    """Clients that were admitted stay so."""
    before = server_keys(tmp_path).read_bytes()
    make_client_keys(tmp_path, "a", tmp_path / "a")
    assert server_keys(tmp_path).read_bytes() == before


@pytest.mark.parametrize("name", ["", "../server", "a b", "-x", "x" * 65])
def test_a_name_is_a_name(tmp_path: Path, name: str) -> None:
    """Nothing is written anywhere for one that is none."""
    with pytest.raises(SettingsError, match="is no name"):
        make_client_keys(tmp_path, name, tmp_path / "keys")
    assert not (tmp_path / "keys").exists()


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    """The text says how to shut the holder out."""
    make_client_keys(tmp_path, "viewer", tmp_path / "one")
    with pytest.raises(SettingsError, match=r"viewer already; remove .*viewer\.key"):
        make_client_keys(tmp_path, "viewer", tmp_path / "two")
