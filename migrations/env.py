"""Moves the database's schema forward, on the connection that ``db.open_database`` hands over.

A developer's ``alembic -x data=FOLDER …`` hands over none: it works on the database of that data folder.
"""

from alembic import context
from sqlalchemy import Connection, create_engine

import auth.tables  # noqa: F401 - these three fill Base.metadata
import jobs.tables  # noqa: F401
import library.tables  # noqa: F401
from db import Base


def move(connection: Connection) -> None:
    """All or nothing: SQLite's driver begins no transaction for a CREATE TABLE by itself."""
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
