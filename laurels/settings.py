"""Settings, read once at the edge and passed in. Every name is an environment variable LAURELS_<NAME>."""

from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from laurels.errors import SettingsInvalidError

PREFIX = "LAURELS_"


class Settings(BaseSettings):
    """What differs between a laptop, a test and production."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    home: Path = Field(
        default=Path(".laurels"), description="Where embedded servers keep data, sockets and keys."
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql://user:password@host:port/name; without it PostgreSQL is embedded.",
    )
    redis_url: SecretStr | None = Field(
        default=None, description="redis://host:port/db; without it Valkey is embedded."
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in hex: wraps each member's key and keys member ids; made in `home` if absent.",
    )
    as_of: AwareDatetime | None = Field(
        default=None, description="The business clock stands still at this time (history, demo, tests)."
    )
    actor: str | None = Field(default=None, description="Who acts, for the audit; the login name if absent.")
    landing: Path = Field(default=Path(".laurels/landing"), description="Folder in which files land.")
    programs: Path = Field(default=Path("deployments/programs"), description="Folder of program files.")
    mappings: Path = Field(default=Path("deployments/mappings"), description="Folder of mappings.")
    quality_docs: Path = Field(
        default=Path(".laurels/quality-docs"),
        description="Folder of the pages that tell of each file's quality.",
    )
    quality_docs_days: int = Field(
        default=30, ge=1, le=3650, description="Pages older than this are removed."
    )
    quality_docs_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Where those pages are served, for links to them; `laurels up` serves them itself if absent.",
    )
    operators_block: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+/[a-z0-9-]+$",
        description="The Prefect notification block by which operators are told: slack-webhook/operators.",
    )
    batch_rows: int = Field(default=10_000, ge=1, le=100_000, description="Rows claimed in one batch.")
    quarantine_days: int = Field(
        default=90,
        ge=1,
        le=3660,
        description="How long a refused row waits before the nightly flow closes it.",
    )
    lease_seconds: int = Field(
        default=60, ge=2, le=3600, description="How long a claim is good without a sign of life."
    )

    def __init__(self, **values: Any) -> None:
        """Read them. Raises SettingsInvalidError, naming each wrong one; what it was set to may be a secret."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsInvalidError("; ".join(_told(one) for one in error.errors())) from None


def _told(error: ErrorDetails) -> str:
    name = "_".join(str(part) for part in error["loc"])
    return f"{PREFIX}{name.upper()}: {error['msg'][:1].lower()}{error['msg'][1:]}"
