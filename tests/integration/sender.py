"""A sender in a process of its own: `python -m tests.integration.sender deliveries|pushes SPOOL`, settings by environment."""

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from laurels.services.deliveries import send_deliveries
from laurels.services.discounts import push_discounts
from laurels.services.runtime import Runtime, runtime_at
from laurels.settings import Settings
from tests.integration.owed import JUNE, Spool


def sender(
    runtime: Runtime, what: str, spool: Spool, failpoint: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a sender on a runtime's servers, to die at the failpoint if one is named."""
    settings = runtime.settings
    assert settings.database_url and settings.redis_url and settings.master_key
    told = {
        "LAURELS_DATABASE_URL": settings.database_url.get_secret_value(),
        "LAURELS_REDIS_URL": settings.redis_url.get_secret_value(),
        "LAURELS_MASTER_KEY": settings.master_key.get_secret_value(),
        "LAURELS_LEASE_SECONDS": str(settings.lease_seconds),
    }
    if failpoint is not None:
        told["FAILPOINT"] = failpoint
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sender", what, str(spool.path)],
        env=os.environ | told,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def race(*senders: subprocess.Popen[bytes]) -> list[int]:
    """Let senders that are all ready go at once; return how much each has sent."""
    for process in senders:
        assert process.stdout and process.stdout.readline() == b"ready\n"
    for process in senders:
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
    return [int(process.communicate(timeout=120)[0]) for process in senders]


def fate(process: subprocess.Popen[bytes]) -> int:
    """Let one sender go; return its exit status."""
    process.communicate(b"go\n", timeout=60)
    return process.returncode


def main() -> None:
    what, spool = sys.argv[1], Spool(Path(sys.argv[2]))
    settings = Settings(_env_file=None)
    assert settings.database_url and settings.redis_url
    urls = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    runtime = runtime_at(settings, *urls)
    print("ready", flush=True)
    sys.stdin.readline()
    if what == "deliveries":
        report = send_deliveries(runtime, as_of=JUNE, channel=spool)
    else:
        report = push_discounts(runtime, as_of=JUNE, platform=spool)
    print(asdict(report)["accepted"])


if __name__ == "__main__":
    main()
