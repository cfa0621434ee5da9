"""The clock stands still, so that durations on the screen are the same in every run."""

from __future__ import annotations

import time

import pytest
from shell_stage import NOW


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 12)
