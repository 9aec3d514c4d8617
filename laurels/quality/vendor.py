"""Great Expectations, imported when it is first needed: it takes seconds."""

import logging
import os
import threading
from typing import Any

ALONE = threading.RLock()
"""Held by whoever asks the library anything: it gives one thread the answer to what another asked."""


def great_expectations() -> tuple[Any, Any]:
    """Return the library and its expectations, quiet."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # older versions phoned home
    import great_expectations as gx  # noqa: PLC0415  # takes seconds: paid by whoever judges, not by every command
    import great_expectations.expectations as gxe  # noqa: PLC0415

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    return gx, gxe


def renderer() -> Any:
    """Return its renderers: results to sections of a document."""
    from great_expectations.render import renderer  # noqa: PLC0415

    return renderer


def page_view() -> Any:
    """Return its view: sections to HTML."""
    from great_expectations.render import view  # noqa: PLC0415

    return view.DefaultJinjaPageView()  # type: ignore[attr-defined]
