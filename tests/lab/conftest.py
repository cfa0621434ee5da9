"""The lab as a fixture: started once, when the first test asks for it, and gone after the last."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Host, Lab, LabFailed, what_lacks

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder carries the mark `lab`, so that `-m "not lab"` leaves them out."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker("lab")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The running lab. Where CI runs, a lab that cannot start is a failure; elsewhere its tests are skipped, saying what lacks."""
    reason = what_lacks()
    house = Lab()
    if reason is None:
        try:
            house.__enter__()
        except LabFailed as failed:
            reason = f"the lab did not start: {failed}"
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield house
    finally:
        house.close()


@pytest.fixture
def server(lab: Lab) -> Iterator[Host]:
    """The host the guide works on, its link whole again afterwards."""
    yield lab.hosts["server"]
    lab.hosts["server"].mend()
