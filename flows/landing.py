"""Somebody may have put a file down."""

from prefect import flow

from tasks.landing import announce, find_landed


@flow(persist_result=False, result_serializer="json")
def watch_landing() -> int:
    """Announce every settled file in the landing folder by an event, once; return how many.

    Two at once share the files out. The event `laurels.file.landed` starts ingest-activity.
    """
    landed = find_landed()
    for file in landed:
        announce(file)
    return len(landed)
