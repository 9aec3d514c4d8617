"""A reader of files in a process of its own, to be killed: `python -m tests.integration.reader FILE MAPPING CHUNK CHUNKS WHERE`.

It dies by SIGKILL at its CHUNKS-th chunk: `between` it and the next, or `inside` its transaction. 0 lives on.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from laurels.services import intake, reading
from laurels.services.runtime import Runtime, runtime_at
from laurels.settings import Settings
from laurels.stores import people


def reader(
    runtime: Runtime, path: Path, mapping: str, *, chunk: int, chunks: int = 0, where: str = "between"
) -> subprocess.Popen[bytes]:
    settings = runtime.settings
    assert settings.database_url and settings.redis_url and settings.master_key
    told = {
        "LAURELS_DATABASE_URL": settings.database_url.get_secret_value(),
        "LAURELS_REDIS_URL": settings.redis_url.get_secret_value(),
        "LAURELS_MASTER_KEY": settings.master_key.get_secret_value(),
    }
    arguments = [str(path), mapping, str(chunk), str(chunks), where]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.reader", *arguments], env=os.environ | told
    )


def deadly(work: Callable[..., Any], chunks: int, *, after: bool) -> Callable[..., Any]:
    """Return the work as it is, but for its n-th call: that one kills the process, before or after it worked."""
    calls = 0

    def working(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        found = work(*args) if after or calls != chunks else None
        if calls == chunks:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return working


def main() -> None:
    path, mapping, chunk, chunks, where = sys.argv[1:]
    reading.CHUNK = int(chunk)
    if where == "between":
        reading._take = deadly(reading._take, int(chunks), after=True)
    else:
        people.remember = deadly(people.remember, int(chunks), after=False)
    settings = Settings(_env_file=None)
    assert settings.database_url and settings.redis_url
    urls = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    intake.ingest_file(runtime_at(settings, *urls), Path(path), source="test", mapping=mapping)


if __name__ == "__main__":
    main()
