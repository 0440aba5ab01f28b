"""The server's own keys for the engine's sockets, where these ask for any."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.curve import ClientKeys
    from daemon.settings import Settings

NAME = "beampilot-server"


def own_keys(settings: Settings) -> ClientKeys | None:
    """The keys of the data folder's server, made where there are none; None where sockets ask for none.

    Raises:
        SettingsError: when they cannot be made.
    """
    if not settings.sockets.curve:
        return None
    from daemon.curve import SERVER, ClientKeys, clients_folder, keys_folder, make_client_keys

    folder = keys_folder(settings.data) / "own"
    keys = ClientKeys(folder / f"{NAME}.key_secret", folder / f"{SERVER}.key")
    public = clients_folder(settings.data) / f"{NAME}.key"
    if keys.secret.is_file() and keys.server.is_file() and public.is_file():
        return keys
    for rest in (keys.secret, public):
        with contextlib.suppress(FileNotFoundError):
            rest.unlink()
    return make_client_keys(settings.data, NAME, folder)
