"""What `prefect.yaml` declares, made known to the server."""

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from laurels.errors import LaurelsError, UnreachableError
from laurels.orchestrator.environment import PROJECT, prefect_environment
from laurels.orchestrator.worker import POOL

_DEPLOY_SECONDS = 180
_TAIL_LINES = 8


def deploy(api_url: str) -> None:
    """Create the work pool and every deployment of prefect.yaml; safe to repeat.

    Raises LaurelsError with Prefect's own words where a declaration is refused.
    """
    _create_pool(api_url)
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
            env=prefect_environment(Path(home)) | {"PREFECT_API_URL": api_url},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=_DEPLOY_SECONDS,
            check=False,
        )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-_TAIL_LINES:]
        raise LaurelsError("prefect deploy failed:\n" + "\n".join(said))


def _create_pool(api_url: str) -> None:
    """Make the pool by HTTP: the command line would ask the Internet to describe every kind of pool."""
    pool = {"name": POOL, "type": "process", "description": "Flow runs as processes beside the worker."}
    try:
        answer = httpx.post(f"{api_url}/work_pools/", json=pool, trust_env=False, timeout=30.0)
    except httpx.TransportError as error:
        raise UnreachableError(f"Prefect at {api_url} cannot be reached") from error
    if answer.status_code not in (httpx.codes.CREATED, httpx.codes.CONFLICT):
        raise LaurelsError(f"Prefect refused the work pool {POOL}: {answer.status_code} {answer.text}")
