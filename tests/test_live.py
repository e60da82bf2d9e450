"""Comparing with what is deployed, and rebuilding a lock from it, where AWS does not play along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from compiler.cli import main
from tests.compiling import SMALLEST


class _Refusing(BaseHTTPRequestHandler):
    """Answer every call for an identity, and refuse all others as if the thing were not there."""

    def do_POST(self) -> None:
        """Know who calls, and no stack."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "GetCallerIdentity" in body:
            self._answer(200, _IDENTITY)
        else:
            self._answer(400, _NO_STACK)

    def do_GET(self) -> None:
        """Know no table."""
        self._answer(404, json.dumps({"error": {"message": "no such table", "code": 404}}))

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing: pytest shows what matters."""


_NO_STACK = """\
<ErrorResponse><Error><Code>ValidationError</Code>
<Message>Stack with id clicks does not exist</Message></Error></ErrorResponse>"""
_IDENTITY = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::111122223333:user/somebody</Arn><UserId>A</UserId><Account>111122223333</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


@pytest.fixture
def refusing_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point every AWS call at a server that has nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Stand in a folder with a spec."""
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(SMALLEST, encoding="utf-8")
    return "spec.yaml"


@pytest.mark.usefixtures("refusing_account")
def test_ac8001_a_stack_that_is_not_there_is_said(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", spec, "--stack", "nobody"]) == 1
    assert "error AC8001: AWS does not answer" in capsys.readouterr().out


@pytest.mark.usefixtures("refusing_account")
def test_ac8002_a_table_that_cannot_be_read_is_said(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock", spec, "--from-aws"]) == 1
    assert "error AC8002: " in capsys.readouterr().out
    assert not Path("spec.lock.json").exists()


def test_ac8003_a_table_that_the_spec_has_not_is_said(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock", spec, "--from-table", "click"]) == 1
    said = capsys.readouterr().out
    assert "error AC8003: the spec has no table 'click'" in said
    assert "it has clicks" in said


def test_ac4206_a_commit_that_is_not_there_is_said(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    for reference in ("nothing", "--output=taken.txt"):
        assert main(["plan", spec, f"--against={reference}"]) == 1
        assert "error AC4206: " in capsys.readouterr().out
    assert sorted(path.name for path in Path().iterdir()) == ["spec.yaml"]
