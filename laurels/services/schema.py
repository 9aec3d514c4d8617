"""The schema's check: models, migrations and catalog must say the same."""

from laurels.services.runtime import Runtime
from laurels.stores import schema


def check_schema(runtime: Runtime) -> list[str]:
    """Return each difference; the runtime has brought the database to the newest migration already."""
    return [*schema.drift(runtime.database), *schema.catalog_drift(runtime.database)]
