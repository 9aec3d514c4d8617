"""The command line: one file a noun, each command one use case, every reading command with `--json`.

May import services, settings, errors and the orchestrator; never Prefect, stores or rules.
"""

from laurels.cli.app import app

__all__ = ["app"]
