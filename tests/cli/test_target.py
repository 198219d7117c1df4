"""An address as a target: servers that answer strangely, not at all, or close what is idle."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from tamis.cli import app
from tamis.cli.target import Refused, Unreachable, opened

runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})


class Scripted:
    """Takes one connection per script and gives its replies, one to a request; then closes without a word."""

    def __init__(self, *scripts: list[tuple[int, bytes]]) -> None:
        self.requests: list[str] = []
        self.closed = threading.Event()  # the first connection is
        self._scripts = scripts
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                for status, body in script:
                    head = [line.decode() for line in iter(lines.readline, b"\r\n") if line]
                    size = next((int(line.split(":")[1]) for line in head if line.startswith("Content-Length")), 0)
                    lines.read(size)
                    self.requests.append(head[0].split(" HTTP")[0])
                    connection.sendall(b"HTTP/1.1 %d x\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body))
            self.closed.set()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


@pytest.fixture
def scripted() -> Iterator[list[Scripted]]:
    made: list[Scripted] = []
    yield made
    for server in made:
        server.close()


OK = b'{"result":{"exists":true},"status":"ok"}'


def test_a_connection_that_the_server_closed_while_idle_is_opened_again(scripted: list[Scripted]) -> None:
    scripted.append(server := Scripted([(200, OK)], [(200, OK)]))
    with opened(server.url) as api:
        assert api.ask("GET", "/a") == {"exists": True}
        assert server.closed.wait(10)
        assert api.ask("GET", "/b") == {"exists": True}
    assert server.requests == ["GET /a", "GET /b"]


def test_a_server_that_closes_at_once_does_not_answer(scripted: list[Scripted]) -> None:
    scripted.append(server := Scripted([]))
    with opened(server.url) as api, pytest.raises(Unreachable, match="does not answer"):
        api.ask("GET", "/a")


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (401, b"Must provide an API key", "Must provide an API key"),
        (404, b'{"status":{"error":"Not found: x"},"time":0.1}', "Not found: x"),
        (502, b"", "status 502"),
        (200, b"<html>hello</html>", "status 200 without a JSON object: is there another kind of server?"),
        (301, b"", "status 301 without a JSON object"),
        (200, b"[1]", "status 200 without a JSON object"),
    ],
)
def test_errors_are_told_in_the_words_of_the_server(
    scripted: list[Scripted], status: int, body: bytes, message: str
) -> None:
    scripted.append(server := Scripted([(status, body)]))
    with opened(server.url) as api, pytest.raises(Refused) as caught:
        api.ask("GET", "/a")
    assert str(caught.value).startswith(message)
    assert caught.value.status == status


def test_a_server_that_tells_no_memory_still_has_information(scripted: list[Scripted]) -> None:
    told = b'{"result":{"status":"green","points_count":null,"segments_count":1},"status":"ok"}'
    scripted.append(server := Scripted([(200, told), (404, b"")]))
    result = runner.invoke(app, ["info", server.url, "docs"])
    assert result.exit_code == 0, result.stderr
    assert "green" in result.stdout
    assert server.requests == ["GET /collections/docs", "GET /collections/docs/memory"]


def test_a_server_that_explains_nothing_is_said_to(scripted: list[Scripted]) -> None:
    scripted.append(server := Scripted([(200, b'{"result":{"points":[]},"status":"ok"}')]))
    result = runner.invoke(app, ["explain", server.url, "docs", "--vector", "1"])
    assert result.exit_code == 1
    assert "this server does not explain its answers" in result.stderr


@pytest.mark.parametrize(
    ("target", "key", "message"),
    [
        ("http://[bad", "", "no host or port that can be"),
        ("http://127.0.0.1:99999", "", "no host or port that can be"),
        ("http://", "", "names no host"),
        ("http://a b", "", "is no address"),
        ("http://127.0.0.1:9", "a\nb", "api-key: a header takes printable ASCII only"),
        ("http://127.0.0.1:9", "€", "api-key: a header takes printable ASCII only"),
    ],
)
def test_what_is_no_address_or_no_key_is_refused(target: str, key: str, message: str) -> None:
    result = runner.invoke(app, ["collections", target, "--api-key", key])
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
