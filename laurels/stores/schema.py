"""The schema: migrations forward, drift against the models, and a snapshot of what models cannot say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection, make_url, text

import models.migrations
from laurels.stores.database import Database, connect
from models.tables import metadata

MIGRATIONS = Path(models.migrations.__file__).parent
SNAPSHOT = MIGRATIONS / "catalog.json"

_CATALOG = {
    "triggers": """select c.relname || ': ' || pg_get_triggerdef(t.oid)
          || case t.tgenabled when 'O' then '' else ' (switched to ' || t.tgenabled::text || ')' end from pg_trigger t
        join pg_class c on c.oid = t.tgrelid where not t.tgisinternal and c.relnamespace = 'public'::regnamespace""",
    "checks": """select conrelid::regclass || '.' || conname || ': ' || pg_get_constraintdef(oid) from pg_constraint
        where contype = 'c' and connamespace = 'public'::regnamespace""",
    "partial indexes": """select indexdef from pg_indexes where schemaname = 'public' and indexdef like '% WHERE %'""",
    "functions": """select p.proname || ': ' || md5(pg_get_functiondef(p.oid)) from pg_proc p
        where p.pronamespace = 'public'::regnamespace""",
    "views": """select viewname || ': ' || md5(definition) from pg_views where schemaname = 'public'""",
    "partitions": """select i.inhparent::regclass || ' > ' || i.inhrelid::regclass || ' ' ||
        pg_get_expr(c.relpartbound, c.oid) from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace""",
    "grants": """select name || ': public ' || string_agg(granted.privilege_type, ',' order by granted.privilege_type)
        from (select oid::regclass::text, relacl from pg_class where relnamespace = 'public'::regnamespace
              union all select attrelid::regclass || '.' || attname, attacl from pg_attribute
                join pg_class c on c.oid = attrelid where c.relnamespace = 'public'::regnamespace) as own (name, rights)
             , aclexplode(rights) as granted where granted.grantee = 0 group by name""",
}


def upgrade(database: Database) -> None:
    """Bring the database to the newest migration. One at a time, by an advisory lock; safe to repeat."""
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text("select pg_advisory_xact_lock(hashtext('laurels.schema'))"))
        command.upgrade(_config(connection), "head")


def drift(database: Database) -> list[str]:
    """Return what the models say and the database does not, or the other way round; empty is good."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: (
                    not (kind == "table" and (name.startswith("inbox_key_p") or name == "alembic_version"))
                ),
                "compare_type": True,
            },
        )
        return [str(difference) for difference in compare_metadata(context, metadata)]


def catalog(database: Database) -> dict[str, list[str]]:
    """Return what Alembic does not compare: triggers, checks, partial indexes, views, grants to public and so on."""
    with database.engine.connect() as connection:
        return {name: sorted(connection.scalars(text(query)).all()) for name, query in _CATALOG.items()}


def catalog_drift(database: Database) -> list[str]:
    """Return each line in which the catalog and its committed snapshot differ."""
    kept = json.loads(SNAPSHOT.read_text())
    return [
        f"{name}: {sign} {line}"
        for name, lines in catalog(database).items()
        for sign, only in (("+", set(lines) - set(kept[name])), ("-", set(kept[name]) - set(lines)))
        for line in sorted(only)
    ]


@contextmanager
def scratch(server_url: str) -> Iterator[Database]:
    """Yield a new, migrated database beside the one at the URL; it is gone afterwards."""
    name = f"laurels_scratch_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        database = connect(make_url(server_url).set(database=name).render_as_string(hide_password=False))
        try:
            upgrade(database)
            yield database
        finally:
            database.close()
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
