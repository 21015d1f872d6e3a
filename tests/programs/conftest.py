"""The programs, run in this process beside a site that a fake plays."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from registries.programs import credentials

TOKEN = "fake-token-canary"


class Ended(NamedTuple):
    """How a program ended, and what it wrote."""

    status: int
    stdout: str
    stderr: str

    @property
    def sentence(self) -> str:
        """The one line that a credential helper says why it failed in."""
        assert (self.status, self.stderr) == (1, "")
        (line,) = self.stdout.splitlines()
        return line

    @property
    def answer(self) -> Any:
        assert (self.status, self.stderr) == (0, ""), self
        return json.loads(self.stdout)


Run = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of one's own, and nothing set."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in credentials.NAMES:
        monkeypatch.delenv(f"REGISTRIES_{name.upper()}", raising=False)
    return tmp_path


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a program by its name, with REGISTRIES_* as given; it may never show the token."""

    def run(
        *arguments: str, stdin: str = "", name: str = credentials.HELPER, **settings: str
    ) -> Ended:
        with monkeypatch.context() as patch:
            for variable, value in settings.items():
                patch.setenv(f"REGISTRIES_{variable.upper()}", value)
            streams = [io.TextIOWrapper(io.BytesIO(text)) for text in (stdin.encode(), b"", b"")]
            for stream, kind in zip(streams, ("stdin", "stdout", "stderr"), strict=True):
                patch.setattr(sys, kind, stream)
            patch.setattr(sys, "argv", [f"/somewhere/{name}", *arguments])
            status = credentials.main()
            sys.stderr.flush()
        written = [stream.buffer.getvalue().decode() for stream in streams[1:]]  # type: ignore[attr-defined]
        assert TOKEN not in "".join(written)
        return Ended(status, *written)

    return run
