"""What is advised on a machine without /dev/net/tun: what fits it first, userspace networking last and never without its price."""

from __future__ import annotations

import pytest

from tui.judge.tun import LOAD, PRICE, USERSPACE, sentence, ways


@pytest.mark.parametrize(
    ("container", "module", "says", "command"),
    [
        ("", True, "load the kernel's tun module", LOAD),
        ("none", None, "load the kernel's tun module", LOAD),
        ("none", False, "the kernel has no tun module", ""),
        ("docker", True, "--device=/dev/net/tun --cap-add=NET_ADMIN", ""),
        ("lxc-libvirt", None, "c 10:200 rwm", ""),
        ("openvz", None, "the provider", ""),
        ("podman", None, "a container (podman)", ""),
    ],
)
def test_what_fits_comes_first(container: str, module: bool | None, says: str, command: str) -> None:
    first, last = ways(container, module)
    assert says in first.say.en
    assert first.command == command
    said = sentence((first, last)).en
    assert says in said
    assert (f"run {command}" in said) is bool(command)
    assert USERSPACE not in said  # not in one breath: its price stands with it in the log


def test_the_last_way_has_its_price_and_its_way_back() -> None:
    last = ways("", None)[-1]
    assert last.command == USERSPACE
    assert PRICE.zh in last.say.zh
    assert PRICE.en in last.say.en
    assert "/etc/default/tailscaled" in last.say.en
