"""A real server for the tests: `waggle serve` on an embedded bus in a temporary file, on a free port of this machine."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import pytest

ROOT = Path(__file__).parents[3]


class Server:
    """`waggle serve` in a process of its own, which may be killed and started anew on the same port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [*self._waggle, "serve", "--port", str(self.port), "--json", *self._options],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line == "":
            self.end()
            raise RuntimeError("waggle serve did not start; its message is above")
        self.port = int(json.loads(line)["url"].rpartition(":")[2])

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def waggle(self, *args: str) -> str:
        """The command, on the bus of this server."""
        return subprocess.run([*self._waggle, *args], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    @property
    def _waggle(self) -> list[str]:
        return ["node", str(ROOT / "dist/bin/waggle.js")]


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    folder = Path(mkdtemp(prefix="waggle-python-"))
    server = Server(folder)
    yield server
    server.end()
    shutil.rmtree(folder)


@pytest.fixture
def server(shared_server: Server) -> Server:
    return shared_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """One that the test may end."""
    server = Server(tmp_path)
    yield server
    server.end()


@pytest.fixture(autouse=True)
def _short_pulls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test that stops a subscriber waits for one pull to end."""
    monkeypatch.setattr("wagglebus.sync_consumer.PULL_SECONDS", 0.25)
    monkeypatch.setattr("wagglebus.aio_consumer.PULL_SECONDS", 0.25)


_counter = count(1)


@pytest.fixture
def name() -> str:
    """A name for subscriptions, types, streams and the like that no other test has."""
    return f"test{next(_counter)}"
