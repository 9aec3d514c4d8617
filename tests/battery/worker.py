"""A worker in a process of its own, to be killed at a failpoint or frozen: `python -m tests.battery.worker`, told by the environment."""

import os
import signal
from collections.abc import Callable
from itertools import count
from typing import Any

from laurels.services import batches, boards
from laurels.services.runtime import runtime_at
from laurels.settings import Settings
from laurels.stores import leases


def freeze_at(lock: int) -> None:
    """Stop this process when it has taken or locked a lease so many times, in the middle of that transaction."""
    locks = count(1)

    def frozen(act: Callable[..., Any]) -> Callable[..., Any]:
        def stopping(*values: Any) -> Any:
            found = act(*values)
            if next(locks) == lock:
                os.kill(os.getpid(), signal.SIGSTOP)
            return found

        return stopping

    leases.take, leases.fence = frozen(leases.take), frozen(leases.fence)


def main() -> None:
    settings = Settings(_env_file=None)
    assert settings.database_url and settings.redis_url
    freeze_at(int(os.environ.get("FREEZE", "0")))
    runtime = runtime_at(
        settings, settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    )
    batches.drain(runtime)
    boards.reconcile_boards(runtime)


if __name__ == "__main__":
    main()
