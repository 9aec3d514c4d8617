"""Secrets of this clone: made once, kept in files that only their owner reads, never shown."""

import os
import secrets
import tempfile
from pathlib import Path

from laurels.embedded.locks import exclusive
from laurels.errors import LaurelsError
from laurels.settings import Settings

KEY_BYTES = 32


def master_key(settings: Settings) -> bytes:
    """Return the 32 bytes that wrap each member's key: the given ones, else `home/master.key`, made once.

    Raises LaurelsError, naming the place and never the key, where it is not 64 hexadecimal digits. A bad
    file is left as it is: what was wrapped by the key that it once held cannot be read by a new one.
    """
    if settings.master_key is not None:
        return _key(settings.master_key.get_secret_value(), "LAURELS_MASTER_KEY")
    path = settings.home.absolute() / "master.key"
    return _key(kept_secret(path), str(path))


def _key(text: str, place: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise LaurelsError(f"{place} is not {KEY_BYTES} bytes written as {2 * KEY_BYTES} hexadecimal digits")
    return key


def kept_secret(path: Path) -> str:
    """Return the 64 hexadecimal digits in the file, written whole by the first who asks, 0600."""
    make_home(path.parent)
    with exclusive(path.with_suffix(".lock")):
        if not path.exists():
            write_whole(path, secrets.token_hex(KEY_BYTES))
        return path.read_text().strip()


def make_home(folder: Path) -> None:
    """Make the folder for its owner alone. Raises LaurelsError where that is not allowed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LaurelsError(f"{folder} cannot be made: {error.strerror}") from error


def write_whole(path: Path, text: str) -> None:
    """Put the text on disk under that name, 0600: after a crash the file is the old one or the new one."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(unfinished).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
