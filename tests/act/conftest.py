"""Actions under test do not wait between looks; the scripted server counts looks, not seconds."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.act.login.EVERY", 0.0)
    monkeypatch.setattr("tui.act.verify.EVERY", 0.0)
    monkeypatch.setattr("tui.act.local.EVERY", 0.0)
    monkeypatch.setattr("tui.act.install.PAUSES", (0.0, 0.0, 0.0))
