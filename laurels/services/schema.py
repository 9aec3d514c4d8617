"""The schema's check: models, migrations and catalog must say the same."""

from laurels import embedded
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores import schema
from laurels.stores.database import Database


def check_schema(runtime: Runtime) -> list[str]:
    """Return each difference; the runtime has brought the database to the newest migration already."""
    return _differences(runtime.database)


def check_migrations(settings: Settings) -> list[str]:
    """Return each difference in a database that is made, migrated and dropped for this; no other one is touched."""
    with embedded.servers(settings) as at, schema.scratch(at.database_url) as database:
        return _differences(database)


def _differences(database: Database) -> list[str]:
    return [*schema.drift(database), *schema.catalog_drift(database)]
