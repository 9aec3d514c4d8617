"""The landing folder: whoever has a file puts it under SOURCE/MAPPING/; it is announced, ingested, put away.

A file's place says how far it is, so nothing else has to remember it (that it was ingested, and with what
result, is the intake table's to say):

    landing/SOURCE/MAPPING/NAME                  new; left alone while it still grows
    landing/.announced/SOURCE/MAPPING/DIGEST/NAME   announced; announced again an hour later if still there
    landing/.taken/SOURCE/MAPPING/DIGEST/NAME       read, released or held
    landing/.refused/SOURCE/MAPPING/DIGEST/NAME     could not be taken as a whole; no second try

Each move is one rename, so two scans at once share the files out between them and a killed one loses none.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from laurels.settings import Settings

SETTLE_SECONDS = 2.0
AGAIN_SECONDS = 3600.0
_ANNOUNCED, _TAKEN, _REFUSED = ".announced", ".taken", ".refused"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class LandedFile:
    """A file to announce: where it lies now, whose it is, which mapping reads it, and its SHA-256 in hex."""

    path: Path
    source: str
    mapping: str
    digest: str
    bytes: int


def scan_landing(
    settings: Settings, *, settle_seconds: float = SETTLE_SECONDS, again_seconds: float = AGAIN_SECONDS
) -> list[LandedFile]:
    """Claim what is to be announced now: settled new files, and those announced so long ago that it was lost.

    Ages are by the file system's clock: they are about writing, not about business. Hidden, `.part` and
    empty files, links, and folders deeper or elsewhere are left alone.
    """
    root = settings.landing.absolute()
    root.mkdir(parents=True, exist_ok=True)
    new = (_announce(root, path) for path in _files(root, "*/*/*") if _settled(path, settle_seconds))
    lost = (
        _announce_again(path) for path in _files(root / _ANNOUNCED, "*/*/*/*") if _older(path, again_seconds)
    )
    return [file for file in (*lost, *new) if file is not None]


def put_away(settings: Settings, path: Path, *, refused: bool = False) -> Path:
    """Move an announced file out of the queue and return its place; any other stays. Safe to repeat."""
    root = settings.landing.absolute()
    announced = root / _ANNOUNCED
    if not path.is_relative_to(announced):
        return path
    target = root / (_REFUSED if refused else _TAKEN) / path.relative_to(announced)
    return target if _moved(path, target) else path


def _files(root: Path, pattern: str) -> Iterator[Path]:
    """Yield regular files whose folders are named like a source and a mapping."""
    for path in sorted(root.glob(pattern)):
        source, mapping = path.relative_to(root).parts[:2]
        named = _NAME.fullmatch(source) and _NAME.fullmatch(mapping)
        hidden = path.name.startswith(".") or path.name.endswith(".part")
        if named and not hidden and path.is_file() and not path.is_symlink():
            yield path


def _settled(path: Path, seconds: float) -> bool:
    """Whether it holds something and nobody wrote to it for so long."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return found.st_size > 0 and time.time() - found.st_mtime >= seconds


def _older(path: Path, seconds: float) -> bool:
    """Whether it was moved here so long ago: a rename sets the change time, not the modification time."""
    try:
        return time.time() - path.stat().st_ctime >= seconds
    except FileNotFoundError:
        return False


def _announce(root: Path, path: Path) -> LandedFile | None:
    """Move it to the announced ones; None where it changed meanwhile or another scan has it."""
    before = _stamp(path)
    digest = _digest(path)
    if before is None or digest is None or _stamp(path) != before:
        return None
    source, mapping, name = path.relative_to(root).parts
    target = root / _ANNOUNCED / source / mapping / digest[:16] / name
    return LandedFile(target, source, mapping, digest, before[0]) if _moved(path, target) else None


def _announce_again(path: Path) -> LandedFile | None:
    """Stamp it as announced now."""
    digest, found = _digest(path), _stamp(path)
    if digest is None or found is None:
        return None
    os.utime(path, ns=(found[1], found[1]))
    source, mapping = path.parts[-4:-2]
    return LandedFile(path, source, mapping, digest, found[0])


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return its size and modification time in ns; None where it is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _moved(path: Path, target: Path) -> bool:
    """Whether this call moved it. The same bytes under the same name replace themselves."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(target)
    except FileNotFoundError:
        return False
    return True
