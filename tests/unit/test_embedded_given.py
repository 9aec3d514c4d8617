"""Given addresses: what is wrong with one is said without its password; Prefect's is made from it."""

import pytest

from laurels.embedded.given import for_prefect, require_database, require_redis
from laurels.errors import LaurelsError


@pytest.mark.parametrize(
    ("given", "prefect"),
    [
        ("postgresql://u:p@h:5432/laurels", "postgresql+asyncpg://u:p@h:5432/prefect"),
        ("postgres://u@h/laurels", "postgresql+asyncpg://u@h/prefect"),
        ("postgresql://u:p%40q@[::1]:5432/laurels", "postgresql+asyncpg://u:p%40q@[::1]:5432/prefect"),
        ("postgresql://h/a?sslmode=require&application_name=x", "postgresql+asyncpg://h/prefect?ssl=require"),
    ],
)
def test_prefects_address_is_on_the_same_server(given: str, prefect: str) -> None:
    assert for_prefect(given) == prefect


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@h:port/x",
        "postgresql://u:s3%zzcret@h/x",
        "s3cret",
        "postgresql://u:a@s3cret@h/x",
        "postgresql://u:12/s3cret@h/x",
        "postgresql://u:s3/cret@h/x",
    ],
)
def test_a_database_address_that_is_none_is_refused_without_its_text(url: str) -> None:
    with pytest.raises(LaurelsError, match="LAURELS_DATABASE_URL") as refused:
        require_database(url)
    assert "s3" not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.parametrize(
    "url", ["http://:s3cret@h:1/0", "redis://:s3cret@h:port/0", "s3cret", "redis://:12/s3cret@h/0"]
)
def test_a_redis_address_that_is_none_is_refused_without_its_text(url: str) -> None:
    with pytest.raises(LaurelsError, match="LAURELS_REDIS_URL") as refused:
        require_redis(url)
    assert "s3" not in str(refused.value)
