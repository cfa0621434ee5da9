"""The lab as a fixture: started once, when the first test asks for it, and gone after the last."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Host, Lab, LabFailed, Tailnet, what_lacks

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder carries the mark `lab`, so that `-m "not lab"` leaves them out."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker("lab")


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The running lab. Where CI runs, a lab that cannot start is a failure; elsewhere its tests are skipped, saying what lacks.

    If a test of the session will ask for real Tailscale, its building begins now, beside all else.
    """
    reason = what_lacks()
    wanted = any("tailnet" in getattr(item, "fixturenames", ()) for item in request.session.items)
    house = Lab(tailnet_wanted=wanted and reason is None)
    if reason is None:
        try:
            house.__enter__()
        except LabFailed as failed:
            reason = f"the lab did not start: {failed}"
    if reason is not None:
        _lacks(reason)
    try:
        yield house
    finally:
        house.close()


def _lacks(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def tailnet(lab: Lab) -> Tailnet:
    """Real Tailscale in the lab: a control server, a server in a cloud, a reader's computer. The same rule for what lacks."""
    try:
        return lab.tailnet
    except LabFailed as failed:
        _lacks(f"the lab's tailnet did not start: {failed}")
        raise


@pytest.fixture
def server(lab: Lab) -> Iterator[Host]:
    """The host the guide works on, its link whole again afterwards."""
    yield lab.hosts["server"]
    lab.hosts["server"].mend()


@pytest.fixture(scope="session")
def plain(tailnet: Tailnet) -> Iterator[Host]:
    """A server that systemd does not run."""
    with tailnet.bare("plain", without=("systemd",)) as host:
        yield host


@pytest.fixture(scope="session")
def poor(tailnet: Tailnet) -> Iterator[Host]:
    """A server without sudo, curl and tunnels, whose package manager has no sources."""
    with tailnet.bare("poor", without=("sudo", "curl", "tun")) as host:
        yield host


@pytest.fixture(scope="session")
def walled(tailnet: Tailnet) -> Iterator[Host]:
    """A server with two firewalls at hand, ufw and firewalld; neither is active."""
    with tailnet.bare("walled", packages=("ufw", "firewalld")) as host:
        host.exec("systemctl disable --now ufw firewalld", check=True)
        yield host


@pytest.fixture(scope="session")
def full(tailnet: Tailnet) -> Iterator[Host]:
    """A server on whose disk 64 MB can be written, and no more."""
    with tailnet.bare("full", room="64M") as host:
        yield host
