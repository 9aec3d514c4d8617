"""The worker: takes flow runs from our pool and runs each in a process of its own."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from laurels.orchestrator.environment import prefect_environment, prefect_home
from laurels.orchestrator.processes import Child, child

POOL = "laurels"
SECRETS = ("LAURELS_DATABASE_URL", "LAURELS_REDIS_URL", "LAURELS_MASTER_KEY")
_QUERY_SECONDS = "1"


@contextmanager
def worker(api_url: str, env: Mapping[str, str]) -> Iterator[Child]:
    """Run a worker while the block runs. `env` is `flow_environment`: the names that its flow runs see.

    At the end running flows get a few seconds, then are asked to stop (they report Crashed), then are killed.
    """
    home = Path(env["LAURELS_HOME"])
    told = prefect_environment(home) | dict(env)
    temporary = (
        prefect_home(home) / "tmp"
    )  # Prefect's is one folder for all users of a machine: the first owns it
    temporary.mkdir(parents=True, exist_ok=True)
    with child(
        "Prefect worker",
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"],
        environment=told
        | {
            "PREFECT_API_URL": api_url,
            "TMPDIR": str(temporary),
            "PREFECT_WORKER_QUERY_SECONDS": _QUERY_SECONDS,
            "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        },
        log=prefect_home(home) / "worker.log",
        secrets=[env[name] for name in SECRETS],
    ) as process:
        yield process
