"""The guide's actions in the practice world: from bare hosts to a proven login, through the trap, and nothing to do the second time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from practice_session import Play, playing

from tui.judge.cgnat_mends import ATTRIBUTE, UNDO
from tui.practice.tools import tailscale_status
from tui.run.events import Outcome

PLACES = {"server": "ecs", "local": "local"}
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


def rows(facts: dict) -> dict[str, str]:
    return {row["id"]: row["status"] for row in facts["rows"]}


async def entered(play: Play, *hosts: str) -> None:
    """These hosts with Tailscale, logged in."""
    for host in hosts:
        assert (await play.do("tailscale.install", on=host)).outcome is PASSED
        prefix = "ts" if host == "ecs" else "local"
        done = await play.do("tailscale.login", on=host, watch=play.visit, prefix=prefix)
        assert (done.outcome, len(done.links)) == (PASSED, 1), done.why


async def test_the_whole_way_and_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        refused = await play.do("tailscale.login")
        assert refused.why == "Tailscale is not installed on this machine: do the installing step first"
        fine = await play.do("aliyun.network", phase="before")
        assert (fine.outcome, fine.facts[-1]["conclusion"]) == (PASSED, "fine"), (fine.why, fine.log)
        assert set(rows(fine.facts[-1]).values()) == {"pass"}

        await entered(play, "ecs")
        assert play.known["ts_account"] == "practice@example.com"
        trapped = await play.do("aliyun.network")
        facts = trapped.facts[-1]
        assert (trapped.outcome, facts["conclusion"]) == (FAILED, "trap"), trapped.why
        assert rows(facts) == {
            "dns:100.100.2.136": "fail", "dns:100.100.2.138": "fail", "dns:223.5.5.5": "pass", "metadata": "fail", "mirror": "fail",
            "assistant": "fail", "resolver": "fail",
        }  # fmt: skip
        assert facts["rule"] == "-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP"
        assert facts["risen"] >= 6
        mended = await play.do("aliyun.mend", how="nodivert", prove_restart=True)
        assert mended.outcome is PASSED, (mended.why, mended.log)
        clear = await play.do("aliyun.network")
        assert (clear.outcome, clear.facts[-1]["conclusion"]) == (PASSED, "fine"), clear.why

        absent = await play.do("tailscale.local", seconds=0, on="local")
        assert "Tailscale is not installed on this computer" in absent.why
        await entered(play, "local")
        here = await play.do("tailscale.local", on="local")
        assert (here.outcome, here.facts[-1]["kind"], here.facts[-1]["same"]) == (PASSED, "linux", True), here.why
        proven = await play.do("tailscale.verify", on="local", **PLACES)
        assert proven.outcome is PASSED, (proven.why, proven.log)
        seen = proven.facts[-1]
        assert (seen["ssh"]["proof"], seen["ssh"]["login"], seen["path"]["kind"], seen["boot"]) == ("same", True, "direct", "enabled")
        assert play.known["server_tailnet"] == f"ssh://practice@{play.known['ts_ip']}"
        named = await play.do("ssh.entry", on="local", **PLACES)
        assert (named.outcome, play.known["ssh_name"]) == (PASSED, "ecs-practice-ts"), named.why
        assert "!" not in named.log

        before = dict(play.known)
        for use, host, options in (
            ("tailscale.install", "ecs", {}),
            ("tailscale.login", "ecs", {}),
            ("tailscale.verify", "local", PLACES),
            ("ssh.entry", "local", PLACES),
        ):
            again = await play.do(use, on=host, **options)
            assert (again.outcome, again.links) == (PASSED, []), again.why
            assert not {line.split()[0] for line in again.log.splitlines() if line.startswith("$ ")}, again.log
        nothing = await play.do("aliyun.mend", how="nodivert")
        assert nothing.outcome is PASSED
        assert {name: value for name, value in play.known.items() if before.get(name) != value}.keys() <= {"network_after"}


async def test_a_mend_is_taken_back_and_the_trap_is_there_again(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await entered(play, "ecs")
        assert (await play.do("aliyun.mend", how="off")).outcome is PASSED
        undo = play.world.home("ecs").parent / f"fs{UNDO}"
        assert undo.read_text().startswith("# off\nset -e\ntailscale set --netfilter-mode=")
        undone = await play.do("aliyun.mend", how="undo")
        assert (undone.outcome, undone.facts[-1]["conclusion"]) == (PASSED, "trap"), undone.why
        assert not undo.exists()


@pytest.mark.parametrize(
    ("fault", "outcome", "why", "told"),
    [
        ("apt-lock-held", PASSED, "", "apt 的锁|占着包管理器"),
        ("dns-resolve-failure", FAILED, "not installed: names can't be resolved.", "域名解析不了"),
        ("disk-full", FAILED, "not installed: the disk is full", "No space left on device"),
        ("tun-missing", FAILED, "there is no /dev/net/tun", "Job for tailscaled.service failed"),
        ("tailscaled-not-running", PASSED, "", "sudo systemctl enable --now tailscaled"),
        ("old-tailscale", PASSED, "", "1.96.4 比较旧"),
    ],
)
async def test_installing_meets_a_fault(tmp_path: Path, fault: str, outcome: Outcome, why: str, told: str) -> None:
    async with playing(tmp_path, fault) as play:
        done = await play.do("tailscale.install")
        assert (done.outcome, done.why[: len(why)]) == (outcome, why)
        assert re.search(told, done.log), done.log
        if fault == "old-tailscale":
            assert play.known["ts_version"] == "1.96.4"
            await play.do("tailscale.login", watch=play.visit)
            offered = (await play.do("aliyun.network")).facts[-1]["mends"]
            assert [mend["id"] for mend in offered] == ["nodivert", "off"]


async def test_an_expired_login_is_made_anew(tmp_path: Path) -> None:
    async with playing(tmp_path, "node-key-expired") as play:
        stopped = await play.do("tailscale.verify", on="local", server="ecs", local="local")
        assert "the key of ecs-practice has expired" in stopped.why
        done = await play.do("tailscale.login", watch=play.visit)
        assert (done.outcome, len(done.links)) == (PASSED, 1)


async def test_a_long_wait_is_short_and_says_so(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        done = await play.do("aliyun.network", again_after="130s")
        assert done.outcome is PASSED
        assert "真实环境要等 130 秒，这里等 0.7 秒" in done.log


async def test_the_console_is_the_worlds_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node attribute mends the trap and is taken back, an expiry is switched off; the reader's own token is not so much as read."""
    monkeypatch.setenv("TAILSCALE_API_TOKEN", "tskey-api-real")
    monkeypatch.setenv("ZHINAN_TAILSCALE_API", "http://127.0.0.1:1")
    async with playing(tmp_path) as play:
        play.token = True
        await entered(play, "ecs", "local")
        trapped = await play.do("aliyun.network")
        assert [mend["id"] for mend in trapped.facts[-1]["mends"]] == ["attribute", "nodivert", "off"]
        mended = await play.do("aliyun.mend", how="attribute")
        assert (mended.outcome, mended.facts[-1]["conclusion"]) == (PASSED, "fine"), mended.why
        proven = await play.do("tailscale.verify", on="local", **PLACES, disable_expiry=True)
        seen = proven.facts[-1]
        assert (proven.outcome, seen["server"]["expiry"]["state"]) == (PASSED, "never"), proven.why
        assert {each["name"] for each in seen["console"]} == {"ecs-practice", "my-computer"}
        undone = await play.do("aliyun.mend", how="undo")
        assert (undone.outcome, undone.facts[-1]["conclusion"]) == (PASSED, "trap"), undone.why


def test_the_attribute_has_one_name() -> None:
    assert tailscale_status.ATTRIBUTE == ATTRIBUTE
