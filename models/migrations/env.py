"""Alembic's entry: runs on the connection that `laurels.stores.schema` hands in."""

from typing import Any

from alembic import context

from models.tables import metadata


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave the hash partitions of inbox_key to their parent."""
    return not (kind == "table" and (name or "").startswith("inbox_key_p"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=include_name,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
