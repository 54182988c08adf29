"""The environment of an Alembic project whose models are `TABLES` tables, the first with one column more than the database."""

import os

from alembic import context
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, create_engine

metadata = MetaData()
for n in range(int(os.environ["TABLES"])):
    table = Table(
        f"t{n}",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("name", String(40), nullable=False),
        Column("a", Integer, nullable=False),
        Column("b", Integer, nullable=False),
    )
    if n > 0:
        table.append_column(Column("parent", Integer, ForeignKey(f"t{n - 1}.id")))
    else:
        table.append_column(Column("more", Integer))
    Index(f"i{n}", table.c.name)

with create_engine(os.environ["ALEMBIC_URL"]).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
