"""What each child process is told, by environment only: every user of a machine can read command lines."""

import os
import sys
from pathlib import Path

from pydantic import SecretStr

from laurels.embedded import Servers, master_key
from laurels.settings import Settings

PROJECT = Path(__file__).parents[2]
_LOCAL = "127.0.0.1,localhost"


def prefect_environment(home: Path) -> dict[str, str]:
    """Return our environment without its Prefect and Laurels names, plus what every Prefect child needs.

    The shell's own names are dropped because a profile or an API key for another Prefect would win over ours.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PREFECT_", "LAURELS_"))}
    no_proxy = ",".join(filter(None, [kept.get("NO_PROXY", kept.get("no_proxy", "")), _LOCAL]))
    scripts = str(Path(sys.executable).parent)
    return kept | {
        "PATH": os.pathsep.join([scripts, kept.get("PATH", os.defpath)]),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "PREFECT_HOME": str(prefect_home(home)),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }


def server_environment(home: Path, database_url: str, host: str, port: int) -> dict[str, str]:
    """Return what the Prefect server is told: where its database is, and to call nobody."""
    return prefect_environment(home) | {
        "PREFECT_API_DATABASE_CONNECTION_URL": database_url,
        "PREFECT_SERVER_API_HOST": host,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_UI_API_URL": f"http://{host}:{port}/api",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }


def flow_environment(settings: Settings, servers: Servers) -> dict[str, str]:
    """Return the LAURELS_ names by which a flow run finds the same servers, keys and folders from anywhere.

    The values hold passwords and the master key: hand them to a child's environment and nowhere else.
    """
    given = {name: _text(value) for name, value in settings if value is not None}
    found = {
        "database_url": servers.database_url,
        "redis_url": servers.redis_url,
        "master_key": master_key(settings).hex(),
    }
    return {f"LAURELS_{name.upper()}": text for name, text in (given | found).items()}


def client_environment(settings: Settings, api_url: str) -> dict[str, str]:
    """Return the names by which a process calls flows against that server: set them before importing any."""
    return {
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(prefect_home(settings.home)),
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        "DO_NOT_TRACK": "1",
    }


def prefect_home(home: Path) -> Path:
    """Return the folder of Prefect's own small files and logs."""
    return home.absolute() / "prefect"


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value.absolute()) if isinstance(value, Path) else str(value)
