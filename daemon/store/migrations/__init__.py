"""How the database got its shape: one module per step, taken in order when the store is opened."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from daemon.errors import StoreUnavailable

HEAD = "0002"
"""The step that this version of Beampilot needs."""


def migrate(connection: Connection) -> None:
    """Brings the database behind a connection to `HEAD`, from nothing or from any step before.

    Args:
        connection: in a transaction, which the caller commits: all steps are taken or none.

    Raises:
        StoreUnavailable: if the database comes from a later version of Beampilot.
    """
    step = _step(connection)
    if step == HEAD:
        return
    # Alembic costs a quarter of a second, and is needed once per update.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "daemon.store:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreUnavailable(
            f"the database is at step {step}, which this version of Beampilot does not know ({error}): "
            "update Beampilot, or name another database in the setting server.database"
        ) from error


def _step(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
