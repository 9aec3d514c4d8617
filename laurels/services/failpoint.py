"""Failpoints: named places at which the crash tests kill the process, as the kernel would."""

import os
import signal


def failpoint(name: str) -> None:
    """Die here by SIGKILL if the environment's FAILPOINT names this place; nothing otherwise."""
    if os.environ.get("FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
