"""Migrates the database's schema on the connection passed by ``db.open_database``.

``alembic -x data=FOLDER …``, for developers, passes none: it uses the database in that data folder.
"""

from alembic import context
from sqlalchemy import Connection, create_engine

import auth.accounts.tables  # noqa: F401 - these three fill Base.metadata
import jobs.queue.tables  # noqa: F401
import library.tables  # noqa: F401
from db import Base


def move(connection: Connection) -> None:
    """Run the migrations in one transaction, which SQLite's driver does not begin by itself for a CREATE TABLE."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


if "connection" in context.config.attributes:
    move(context.config.attributes["connection"])
else:
    folder = context.get_x_argument(as_dictionary=True)["data"]
    with create_engine(f"sqlite:///{folder}/studio.db").begin() as connection:
        move(connection)
