"""What every test stands on: its own home for the program's files, Chinese as the language, no real keyring, no proxies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tui import texts

# A loaded machine is slow now and then; a property that takes long is not a property that fails.
settings.register_profile("zhinan", deadline=None)
settings.load_profile("zhinan")

# Before anything imports keyring: a test must neither read nor write the passwords of whoever runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

_FROM_OUTSIDE = (
    "ZHINAN_",
    "ALIBABA_CLOUD_",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_COLOR",
)


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees the settings of whoever runs it, nor leaves the language changed for the next."""
    for name in [name for name in os.environ if name.startswith(_FROM_OUTSIDE)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ZHINAN_HOME", str(tmp_path_factory.mktemp("zhinan-home")))
    spoken = texts.language()
    texts.use("zh")
    yield
    texts.use(spoken)


@pytest.fixture(autouse=True)
def _no_connection_left() -> Iterator[None]:
    """Alibaba's library keeps a connection to every address it ever asked, and each test's cloud has its own.

    A program asks a few addresses; a whole run of the tests asks thousands, until `select` refuses numbers that high.
    """
    yield
    if core := sys.modules.get("darabonba.core"):
        kept = core.DaraCore._sessions
        while kept:
            kept.popitem()[1].close()
    if (mine := Path("/dev/fd")).is_dir():
        assert len(list(mine.iterdir())) < 500, "files or connections are left open"


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of the sources."""
    return Path(__file__).resolve().parent.parent
