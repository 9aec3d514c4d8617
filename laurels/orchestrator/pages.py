"""The pages of Data Docs, served on this machine: files only, nothing that a page could do with the rest of it."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from laurels.quality.html_page import POLICY

HOST = "127.0.0.1"
USUAL_PORT = 4280
_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@contextmanager
def serving(folder: Path, port: int = USUAL_PORT) -> Iterator[str]:
    """Serve a folder while the block runs and yield its address; another port where that one is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = partial(_Pages, directory=str(folder.resolve()))
    with _listening(handler, port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()


def _listening(handler: Any, port: int) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except OSError:
        return ThreadingHTTPServer((HOST, 0), handler)


class _Pages(SimpleHTTPRequestHandler):
    """GET and HEAD of files below the folder: no lists, nothing hidden, no link out of it, asked by our own name."""

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Answer 404 to whatever is no such file, 403 to another host's name: a page elsewhere may point it at us."""
        name = (self.headers.get("Host") or "").rpartition(":")[0]
        if name not in (HOST, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        if not self._is_ours(self.translate_path(self.path)):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def _is_ours(self, asked: str) -> bool:
        if "\0" in asked:
            return False
        root, found = Path(self.directory), Path(asked).resolve()
        return found.is_relative_to(root) and not any(
            part.startswith(".") for part in found.relative_to(root).parts
        )

    def list_directory(self, _path: Any) -> None:
        """List nothing."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Send what keeps a page to itself with every answer."""
        for name, text in _HEADERS.items():
            self.send_header(name, text)
        super().end_headers()

    def log_message(self, *_said: Any) -> None:
        """Say nothing: who looks at which page is nobody's affair."""
