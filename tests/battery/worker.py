"""A worker in a process of its own, to be killed at a failpoint: `python -m tests.battery.worker` with settings in the environment."""

from laurels.services import batches, boards
from laurels.services.runtime import runtime_at
from laurels.settings import Settings


def main() -> None:
    settings = Settings(_env_file=None)
    assert settings.database_url and settings.redis_url
    runtime = runtime_at(
        settings, settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    )
    batches.drain(runtime)
    boards.reconcile_boards(runtime)


if __name__ == "__main__":
    main()
