"""Who is told when a file is held or missing: automations of Prefect, which send by a notification block of its own.

The block is made by a person (in the UI: Blocks) and holds the address or the password; we know its name only.
"""

from typing import Any

import httpx

from laurels.errors import LaurelsError, UnreachableError

_SOURCE = "{{ event.resource['laurels.source'] }}"
_NOTICES = {
    "laurels: a file is held": (
        "laurels.batch.held",
        f"Laurels: a file of {_SOURCE} is held",
        """\
Intake {{ event.payload.intake }} waits for a person: \
{{ event.payload.reasons | join(', ') or 'the gate could not judge a batch of it' }}.
{% if event.payload.reasons %}\
Let it go on: laurels intake release {{ event.payload.intake }}
Or not: laurels intake reject {{ event.payload.intake }}
{% endif %}""",
    ),
    "laurels: a file is missing": (
        "laurels.file.missing",
        f"Laurels: a file of {_SOURCE} is missing",
        f"A file of {_SOURCE} was expected and has not come: {{{{ event.payload | tojson }}}}",
    ),
}


def tell_operators(api_url: str, block: str | None) -> str:
    """Create or renew what tells operators by the block TYPE/NAME, or take it away where none is named.

    Safe to repeat. Return one line that says who is told. Raises UnreachableError, and LaurelsError in Prefect's
    own words.
    """
    try:
        with httpx.Client(base_url=api_url, trust_env=False, timeout=30.0) as client:
            return _settle(client, block)
    except httpx.TransportError as error:
        raise UnreachableError(f"Prefect at {api_url} cannot be reached") from error


def _settle(client: httpx.Client, block: str | None) -> str:
    there = {name: _ids(client, name) for name in _NOTICES}
    document = _block_id(client, block) if block else None
    if document is None:
        for one in (one for ids in there.values() for one in ids):
            _said(client.delete(f"/automations/{one}"))
        missing = f"no block {block} on this Prefect: make it in the UI under Blocks, then start again"
        return f"Operators are not told: {missing if block else 'LAURELS_OPERATORS_BLOCK names no block'}."
    for name, ids in there.items():
        wanted = _automation(name, document)
        _said(
            client.put(f"/automations/{ids[0]}", json=wanted)
            if ids
            else client.post("/automations/", json=wanted)
        )
        for twice in ids[1:]:  # made by two that started at once
            _said(client.delete(f"/automations/{twice}"))
    return f"Operators are told of held and missing files by {block}."


def _automation(name: str, document: str) -> dict[str, Any]:
    event, subject, body = _NOTICES[name]
    return {
        "name": name,
        "description": "Made by laurels at its start; changes are overwritten.",
        "enabled": True,
        "trigger": {
            "type": "event",
            "posture": "Reactive",
            "expect": [event],
            "match": {"prefect.resource.id": "laurels.*"},
            "threshold": 1,
            "within": 0,
        },
        "actions": [
            {"type": "send-notification", "block_document_id": document, "subject": subject, "body": body}
        ],
    }


def _ids(client: httpx.Client, name: str) -> list[str]:
    asked = {"automations": {"name": {"any_": [name]}}}
    return [str(one["id"]) for one in _said(client.post("/automations/filter", json=asked)).json()]


def _block_id(client: httpx.Client, block: str) -> str | None:
    kind, _, name = block.partition("/")
    answer = client.get(f"/block_types/slug/{kind}/block_documents/name/{name}")
    return None if answer.status_code == httpx.codes.NOT_FOUND else str(_said(answer).json()["id"])


def _said(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise LaurelsError(f"Prefect refused an automation: {answer.status_code} {answer.text}")
    return answer
