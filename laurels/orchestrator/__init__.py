"""Prefect as this machine runs it: its server, our deployments, one worker. Never imports prefect.

Everything is a child process (`python -m prefect ...`), told its settings by environment; the API is spoken
to by HTTP. `laurels up` is `up(settings)`; the demo and the tests take the pieces.
"""

from laurels.orchestrator.automations import tell_operators
from laurels.orchestrator.deployments import deploy
from laurels.orchestrator.environment import client_environment, flow_environment
from laurels.orchestrator.server import prefect_server
from laurels.orchestrator.up import up
from laurels.orchestrator.worker import POOL, worker

__all__ = [
    "POOL",
    "client_environment",
    "deploy",
    "flow_environment",
    "prefect_server",
    "tell_operators",
    "up",
    "worker",
]
