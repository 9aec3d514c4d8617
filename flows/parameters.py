"""The types of flow parameters: what the UI's form shows and the API refuses."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Place = Annotated[str, BeforeValidator(str)]  # a path, or s3:// or gs://; Prefect's form shows one field

# JSON Schema's date-time is a remark that Prefect's API does not check; a pattern it does.
_ISO_WITH_ZONE = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$"
AsOf = Annotated[AwareDatetime, Field(json_schema_extra={"pattern": _ISO_WITH_ZONE})] | None

Number = Annotated[int, Field(ge=1)]
