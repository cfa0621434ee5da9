"""Each fault fails the way it really does, and the documented mend ends it."""

from __future__ import annotations

import pytest

from tui.errors import UsageError
from tui.practice.faults import FAULTS, chosen
from tui.practice.world import World, check_faults

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"


@pytest.mark.parametrize(
    ("fault", "code", "sign", "mends"),
    [
        (
            "apt-lock-held",
            100,
            "Could not get lock /var/lib/dpkg/lock-frontend. It is held by process",
            ["sudo systemctl stop unattended-upgrades"],
        ),
        ("apt-lock-held", 100, "is another process using it?", ["while sudo fuser /var/lib/dpkg/lock-frontend; do :; done"]),
        (
            "dns-resolve-failure",
            6,
            "curl: (6) Could not resolve host: tailscale.com",
            ["echo nameserver 223.5.5.5 | sudo tee /etc/resolv.conf"],
        ),
        ("dns-resolve-failure", 6, "Could not resolve host", ["sudo sed -i.old 's/^nameserver .*/nameserver 223.6.6.6/' /etc/resolv.conf"]),
        ("disk-full", 100, "failed to write (No space left on device)", ["sudo apt-get clean"]),
        ("disk-full", 100, "No space left on device", ["sudo journalctl --vacuum-size=100M"]),
        ("disk-full", 100, "No space left on device", ["sudo truncate -s 0 /var/log/journal/system@0001.journal"]),
    ],
)
async def test_the_installation_fails_until_it_is_mended(run, fault: str, code: int, sign: str, mends: list[str]) -> None:
    async with World([fault]) as world:
        failed = await run(world, INSTALL)
        assert failed.code == code
        assert sign in failed.err
        assert (await run(world, "tailscale version")).code == 127
        for mend in mends:
            done = await run(world, mend)
            assert done.code == 0, done.err
        done = await run(world, INSTALL)
        assert done.code == 0, done.err
        assert (await run(world, "systemctl is-active tailscaled")).out == "active\n"


@pytest.mark.parametrize(
    "mend",
    [
        "sudo mkdir -p /dev/net && sudo mknod /dev/net/tun c 10 200",
        "echo 'FLAGS=\"--tun=userspace-networking\"' | sudo tee -a /etc/default/tailscaled",
    ],
)
async def test_without_a_tun_device_the_service_fails_after_a_good_installation(run, mend: str) -> None:
    async with World(["tun-missing"], login_after=0) as world:
        installed = await run(world, INSTALL)
        assert installed.code == 0
        assert "Job for tailscaled.service failed" in installed.err
        assert (await run(world, "systemctl is-active tailscaled")).out == "failed\n"
        assert (await run(world, "ls -ld -- /dev/net/tun")).code != 0
        assert 'CreateTUN("tailscale0") failed; /dev/net/tun does not exist' in (await run(world, "journalctl -u tailscaled")).out
        assert "failed to connect to local tailscaled" in (await run(world, "sudo tailscale up --timeout=5s")).err
        assert (await run(world, "sudo modprobe tun")).code == 1
        assert (await run(world, f"{mend} && sudo systemctl restart tailscaled")).code == 0
        assert (await run(world, "sudo tailscale up --timeout=20s")).code == 0


async def test_the_lock_is_free_after_some_tries_or_for_who_waits(run) -> None:
    async with World(["apt-lock-held"]) as world:
        codes = [(await run(world, "sudo apt-get install -y curl")).code for _ in range(4)]
        assert codes == [100, 100, 100, 0]
    async with World(["apt-lock-held"]) as world:
        done = await run(world, "sudo apt-get -o DPkg::Lock::Timeout=60 install -y curl")
        assert done.code == 0
        assert "Waiting for cache lock" in done.err


async def test_the_full_disk_shows_and_only_the_server_suffers(run) -> None:
    async with World(["disk-full", "dns-resolve-failure"]) as world:
        assert "100% /" in (await run(world, "df -h /")).out
        assert (await run(world, "getent hosts tailscale.com")).code == 2
        assert "100%" not in (await run(world, "df -h /", "local")).out
        assert (await run(world, INSTALL, "local")).code == 0


async def test_the_clouds_own_addresses_die_behind_tailscales_rules_and_come_back(run) -> None:
    look = "getent hosts mirrors.cloud.aliyuncs.com; curl -sS -m 5 -o /dev/null -w '%{http_code}' http://100.100.100.200/latest/meta-data/"
    async with World(login_after=0) as world:
        assert "200" in (await run(world, look)).out
        await run(world, f"{INSTALL}; sudo tailscale up --timeout=20s")
        assert (await run(world, look)).code == 28
        await run(world, "sudo tailscale set --netfilter-mode=off")
        healed = await run(world, look)
        assert (healed.code, healed.out.split()[-1]) == (0, "200")


def test_an_unknown_fault_names_the_nearest_one() -> None:
    with pytest.raises(UsageError) as wrong:
        check_faults(["apt-lock-hold"])
    assert "apt-lock-held" in wrong.value.text.zh
    assert "apt-lock-held" in wrong.value.text.en
    with pytest.raises(UsageError) as wrong:
        World(["?"])
    assert all(name in wrong.value.text.en for name in FAULTS)


def test_a_fault_named_twice_is_one_and_each_says_what_it_does() -> None:
    assert [fault.name for fault in chosen(["disk-full", "tun-missing", "disk-full"])] == ["disk-full", "tun-missing"]
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.say.zh != fault.say.en
        assert fault.mend.zh
