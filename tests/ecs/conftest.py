"""The fixtures of the cloud's tests: a server with an example in it, and an environment that leads nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ecs_stage import Stage


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, no keys of whoever runs the tests, no home."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("ALIBABA_CLOUD_", "ZHINAN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as one:
        yield one
