"""A journal in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.run.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    book = Journal(tmp_path / "home")
    yield book
    book.close()
