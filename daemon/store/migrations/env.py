"""Run by Alembic: takes the steps on the connection that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from daemon.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can undo a change of tables too, once transactions are begun by hand as the store does.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
