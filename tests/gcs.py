"""An emulation of the little of Google Cloud Storage's JSON API that reading asks for: objects with generations, in memory."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Bucket:
    """Objects by name, each with its content and a generation that every write raises. `after_read` acts between reads."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.reads = 0
        self.after_read = lambda: None

    def put(self, name: str, data: bytes) -> None:
        generation = self.objects.get(name, (b"", 0))[1] + 1
        self.objects[name] = (data, generation)

    def resource(self, name: str) -> dict[str, str]:
        data, generation = self.objects[name]
        return {
            "kind": "storage#object",
            "name": name,
            "bucket": "bucket",
            "size": str(len(data)),
            "generation": str(generation),
            "etag": f"e{generation}",
            "updated": f"2026-07-01T00:00:{generation:02d}Z",
        }


@contextmanager
def gcs(bucket: Bucket) -> Iterator[str]:
    """Serve one bucket, named `bucket`, and give the address; `denied` is one that nobody may read."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            name = unquote(url.path.partition("/o/")[2])
            if "/denied/" in url.path:
                self.answer(403, b"{}")
            elif url.path.endswith("/o"):
                prefix = parse_qs(url.query).get("prefix", [""])[0]
                found = [bucket.resource(one) for one in bucket.objects if one.startswith(prefix)]
                self.answer(200, json.dumps({"items": found}).encode())
            elif name not in bucket.objects:
                self.answer(404, b"{}")
            elif "alt=media" in url.query:
                self.media(name)
            else:
                self.answer(200, json.dumps(bucket.resource(name)).encode())

        def media(self, name: str) -> None:
            data = bucket.objects[name][0]
            first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            part = data[int(first) : int(last) + 1 if last else len(data)]
            bucket.reads += 1
            self.answer(
                206, part, {"Content-Range": f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}"}
            )
            bucket.after_read()

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for key, value in {
                "Content-Length": str(len(body)),
                "Content-Type": "application/json",
                **(headers or {}),
            }.items():
                self.send_header(key, value)
            self.end_headers()
            with suppress(BrokenPipeError):  # gcsfs asks in parallel and leaves at the first answer
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
