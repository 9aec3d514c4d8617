"""An engine without a server, for the rules' expressions."""

from collections.abc import Iterator

import pytest

from tests.relations import Engine, duck


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with duck() as opened:
        yield opened
