"""Keys for ZMQ sockets (CURVE): who may subscribe, and the files that say so.

The files are those of `zmq.auth`, so that `bluesky.callbacks.zmq.ClientCurve` reads them as they are.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

from daemon.errors import SettingsError, disk_errors

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
SERVER = "server"


def keys_folder(data: Path) -> Path:
    """The folder of the sockets' own keys, and of `clients/`, the public keys of those who are admitted."""
    return data / "zmq_keys"


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What a subscriber needs.

    Attributes:
        secret: file with its own pair of keys.
        server: file with the public key of the engine's sockets.
    """

    secret: Path
    server: Path

    def apply(self, socket: zmq.Socket[bytes]) -> None:
        """Has a socket use them; before it connects.

        Raises:
            SettingsError: when one of the files holds no key.
        """
        public, secret = _load(self.secret)
        socket.curve_publickey, socket.curve_secretkey = public, secret or b""
        socket.curve_serverkey = _load(self.server)[0]


class Guard:
    """Admits to sockets those whose public keys lie in the data folder.

    Args:
        data: the data folder.
        context: of the sockets.
    """

    def __init__(self, data: Path, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._public, self._secret = _load(server_keys(data))
        self._authenticator = ThreadAuthenticator(context)
        self._authenticator.start()
        self._folder = clients_folder(data)
        self.renew()

    def renew(self) -> None:
        """Reads again who is admitted."""
        self._authenticator.configure_curve(domain="*", location=str(self._folder))

    def protect(self, socket: zmq.Socket[bytes]) -> None:
        """Has a socket ask for keys; before it binds."""
        socket.curve_secretkey = self._secret or b""
        socket.curve_publickey = self._public
        socket.curve_server = True

    def close(self) -> None:
        """Ends the thread that admits."""
        self._authenticator.stop()


def server_keys(data: Path) -> Path:
    """The file with the sockets' own keys; made when there is none."""
    folder = keys_folder(data)
    secret = folder / f"{SERVER}.key_secret"
    with disk_errors(folder):
        clients_folder(data).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if not secret.is_file():
            zmq.auth.create_certificates(folder, SERVER)
            secret.chmod(0o600)
    return secret


def clients_folder(data: Path) -> Path:
    """The folder with the public keys of those who are admitted, a file for each."""
    return keys_folder(data) / "clients"


def make_client_keys(data: Path, name: str, target: Path) -> ClientKeys:
    """Makes the keys of a subscriber, and admits it.

    Args:
        data: the data folder of the daemon.
        name: the subscriber's; its public key is kept under it, and removing that file shuts it out.
        target: folder for the two files that the subscriber needs; made if it is not there.

    Raises:
        SettingsError: when the name is no name, or is taken.
    """
    if not NAME.match(name):
        raise SettingsError(f"{name!r} is no name for a key: use letters, digits, '-', '_' and '.'")
    server_keys(data)
    public = clients_folder(data) / f"{name}.key"
    if public.exists():
        raise SettingsError(f"there is a key for {name} already; remove {public} to shut its holder out")
    with disk_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        made, secret = zmq.auth.create_certificates(target, name)
        Path(secret).chmod(0o600)
        Path(made).replace(public)
        server = target / f"{SERVER}.key"
        shutil.copyfile(keys_folder(data) / f"{SERVER}.key", server)
    return ClientKeys(Path(secret), server)


def _load(path: Path) -> tuple[bytes, bytes | None]:
    try:
        return zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} holds no key: {error}") from error
