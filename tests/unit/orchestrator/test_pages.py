"""The server of Data Docs pages: files below its folder, to who asks by its own name, and nothing else."""

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from laurels.orchestrator.pages import HOST, serving

Answer = tuple[int, str, dict[str, str]]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    folder = tmp_path / "pages"
    (folder / "intake-1").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("the index")
    (folder / "intake-1" / "index.html").write_text("the page")
    (folder / ".hidden").write_text("secret")
    (folder / "intake-1" / ".index.html.7").write_text("secret")
    (tmp_path / "outside.html").write_text("secret")
    (folder / "out").symlink_to(tmp_path)
    with serving(folder, 0) as url:
        yield int(url.rpartition(":")[2])


def ask(port: int, path: str, host: str | None = None, method: str = "GET") -> Answer:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"{HOST}:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.getheaders())
    connection.close()
    return found


@pytest.mark.parametrize(
    ("path", "text"), [("/", "the index"), ("/intake-1/", "the page"), ("/intake-1/index.html", "the page")]
)
def test_pages_are_there_under_a_strict_policy(port: int, path: str, text: str) -> None:
    status, body, headers = ask(port, path)
    assert (status, body) == (200, text)
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        *("/assets/", "/intake-2/", "/.hidden", "/intake-1/.index.html.7", "/out/outside.html", "/out/"),
        *("/../outside.html", "/intake-1/../../outside.html", "/%2e%2e/outside.html", "/..%2foutside.html"),
        *("//outside.html", "/intake-1/%00", "/%2fetc%2fpasswd"),
    ],
)
def test_nothing_else_is_there(port: int, path: str) -> None:
    status, body, headers = ask(port, path)
    assert status == 404
    assert "secret" not in body
    assert "Content-Security-Policy" in headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4280", ""])
def test_a_page_elsewhere_cannot_ask_by_another_name(port: int, host: str) -> None:
    assert ask(port, "/", host)[0] == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_only_reads(port: int, method: str) -> None:
    assert ask(port, "/", method=method)[0] == 501


def test_it_takes_another_port_where_its_own_is_taken(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken, serving(tmp_path, taken.getsockname()[1]) as url:
        assert int(url.rpartition(":")[2]) != taken.getsockname()[1]
        assert ask(int(url.rpartition(":")[2]), "/")[0] == 404
