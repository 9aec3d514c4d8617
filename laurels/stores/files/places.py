"""Places where files lie: this machine's disk, S3, Google Cloud Storage. The one door to fsspec.

An object is fetched to a temporary file that is gone afterwards: everything after reads a file, twice. Credentials come
from the environment, as each provider's own tools take them; no error says more of a place than its object's name.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec

from laurels.errors import DataRejectedError, LaurelsError, RuleRefusedError, UnreachableError

_EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/?/")
_BLOCK = 8 << 20
_SPARE = 1 << 30  # of the disk, left to everybody else

Progress = Callable[[int, int], None]


@contextmanager
def fetched(place: str | Path, on_progress: Progress | None = None) -> Iterator[Path]:
    """Give the path of a file on this machine's disk, wherever it lies: a path, or file://, s3://, gs:// and a name.

    `on_progress` hears of an object how many of its bytes are here and how many there are. Raises DataRejectedError for
    an object that is not there or changes meanwhile, RuleRefusedError for a place that is none, UnreachableError.
    """
    scheme = _scheme(place)
    if scheme in {"", "file"}:
        yield Path(unquote(urlsplit(str(place)).path) if scheme else place)
        return
    name = _object_name(str(place), scheme)
    with TemporaryDirectory(prefix="laurels-") as folder:
        path = Path(folder) / name
        with _told(scheme, name):
            address = f"{scheme}://{str(place).partition('://')[2]}"
            _fetch(_file_system(scheme), address, path, on_progress)
        yield path


def _scheme(place: str | Path) -> str:
    found = _SCHEME.match(str(place))
    return found[1].lower() if found else ""


def _object_name(place: str, scheme: str) -> str:
    """Return the last part of an object's name. Raises RuleRefusedError for a place that nothing is read from."""
    if scheme not in _EXTRAS:
        raise RuleRefusedError(f"{scheme}:// is no place for files: file://, s3:// and gs:// are")
    bucket, _, key = place.partition("://")[2].partition("/")
    if any(sign in bucket for sign in "@:?#"):
        raise RuleRefusedError("credentials do not belong in a place: set them in the environment")
    if "?" in key or "#" in key:  # a signed address: what follows may be a key
        raise RuleRefusedError("credentials do not belong in a place, nor does anything after ? or #")
    name = key.rpartition("/")[2]
    if not bucket or name in {"", ".", ".."}:
        raise RuleRefusedError(f"{scheme}:// needs a bucket and an object: {scheme}://bucket/folder/file.csv")
    return name


def _file_system(scheme: str) -> Any:
    # Else gcsfs asks another service by gRPC for a kind of bucket that is not read here: a minute where it is blocked.
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    try:
        return fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False)
    except ImportError:
        extra = _EXTRAS[scheme]
        raise RuleRefusedError(
            f"{scheme}:// needs what is not installed: pip install 'laurels[{extra}]'"
        ) from None


def _fetch(files: Any, place: str, path: Path, on_progress: Progress | None) -> None:
    before = files.info(place)
    size = int(before["size"] or 0)
    if before["type"] != "file":
        raise DataRejectedError(f"{path.name}: not a file")
    if size + _SPARE > (free := shutil.disk_usage(path.parent).free):
        raise DataRejectedError(
            f"{path.name}: {size:,} bytes, and only {free:,} are free on the disk (TMPDIR)"
        )
    with (
        files.open(place, "rb", block_size=_BLOCK, cache_type="readahead") as remote,
        path.open("wb") as local,
    ):
        while block := remote.read(_BLOCK):
            local.write(block)
            if on_progress:
                on_progress(local.tell(), size)
    files.invalidate_cache()
    if _stamp(files.info(place)) != _stamp(before) or path.stat().st_size != size:
        raise DataRejectedError(f"{path.name}: changed while it was fetched")


def _stamp(found: dict[str, Any]) -> tuple[str, ...]:
    """Return what changes with an object: its size, its tag, its generation, its time."""
    names = ("size", "ETag", "etag", "generation", "VersionId", "LastModified", "updated")
    return tuple(str(found.get(name)) for name in names)


@contextmanager
def _told(scheme: str, name: str) -> Iterator[None]:
    """Turn what a provider's library raises into our errors; its words may hold addresses and keys."""
    try:
        yield
    except LaurelsError:
        raise
    except FileNotFoundError:
        raise DataRejectedError(f"{name}: no such object") from None
    except PermissionError:
        raise DataRejectedError(f"{name}: access to it is denied") from None
    except Exception as error:  # noqa: BLE001 - each library has its own, and none is imported here
        kind = type(error).__name__
        if "Forbidden" in str(error):
            raise DataRejectedError(f"{name}: access to it is denied") from None
        if kind == "FileExpired":
            raise DataRejectedError(f"{name}: changed while it was fetched") from None
        if "Credential" in kind:
            raise RuleRefusedError(f"{scheme}:// needs credentials: set them in the environment") from None
        raise UnreachableError(f"{scheme}:// cannot be reached: {kind}") from None
