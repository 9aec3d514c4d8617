"""A channel's incoming webhook, as Slack's is documented: what it is sent must be JSON with a text, else it says why."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "T000CANARY/B000CANARY/webhooksecretcanary"


@dataclass
class Channel:
    """What was posted, in order; `refuses` makes it answer as one that was archived."""

    url: str = ""
    posted: list[str] = field(default_factory=list)
    refuses: bool = False

    def answer(self, path: str, kind: str, body: bytes) -> tuple[int, str]:
        if path != f"/services/{TOKEN}":
            return 403, "invalid_token"
        if self.refuses:
            return 410, "channel_is_archived"
        if not kind.startswith("application/json"):
            return 400, "invalid_payload"
        try:
            told = json.loads(body)
        except ValueError:
            return 400, "invalid_payload"
        if not isinstance(told, dict) or not isinstance(told.get("text"), str) or not told["text"].strip():
            return 400, "no_text"
        self.posted.append(told["text"])
        return 200, "ok"


@contextmanager
def channel() -> Iterator[Channel]:
    found = Channel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, said = found.answer(self.path, self.headers.get("Content-Type", ""), body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_port}/services/{TOKEN}"
        yield found
        server.shutdown()
