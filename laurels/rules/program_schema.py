"""The JSON Schema of a file as editors use it."""

from typing import Any

from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def editor_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the model's schema without nulls: a file leaves a field out, it never writes it empty."""
    return {"$schema": DIALECT, **_without_nulls(model.model_json_schema())}


def _without_nulls(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_nulls(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _without_nulls(part) for key, part in schema.items() if part is not None}
    branches = [part for part in kept.get("anyOf", []) if part != {"type": "null"}]
    if len(branches) == 1:
        del kept["anyOf"]
        return {**kept, **branches[0]}
    return {**kept, "anyOf": branches} if branches else kept
