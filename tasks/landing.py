"""Files that land, announced as events; what is done with them hangs on the event, not on the watcher."""

from pathlib import Path

from prefect.events import emit_event
from prefect.logging import get_run_logger

from laurels.services import landing
from laurels.services.landing import LandedFile
from laurels.settings import Settings
from tasks.step import step


@step
def find_landed() -> list[LandedFile]:
    """Claim the files that are to be announced now."""
    found = landing.scan_landing(Settings())
    get_run_logger().info("%d files landed", len(found))
    return found


@step
def announce(file: LandedFile) -> None:
    """Emit `laurels.file.landed`. If that is lost, the file is announced again in an hour."""
    emit_event(
        event="laurels.file.landed",
        resource={
            "prefect.resource.id": f"laurels.file.{file.digest}",
            "prefect.resource.name": file.path.name,
        },
        payload={
            "path": str(file.path),
            "source": file.source,
            "mapping": file.mapping,
            "digest": file.digest,
            "bytes": file.bytes,
        },
    )


@step
def put_away(path: Path, *, refused: bool = False) -> None:
    """Take an announced file out of the queue; a file that never landed stays where it is."""
    landing.put_away(Settings(), path, refused=refused)
