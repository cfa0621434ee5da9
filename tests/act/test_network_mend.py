"""`aliyun.mend`: each way out applied, proven, and taken back exactly; and nothing done that could lock somebody out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, play
from network_host import RUNNING, SYSCTL, UNDO, Alibaba

from fake_admin import Fake  # isort: skip

from tui.act import ACTIONS
from tui.run.events import Outcome

GOOD = {"TAILSCALE_API_TOKEN": "tskey-api-good"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.act.network_mend.EVERY", 0.0)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with Fake() as one:
        one.admin.add("n1CNTRL", tags=["tag:server"])
        monkeypatch.setenv("ZHINAN_TAILSCALE_API", one.base)
        yield one


async def run(host: Alibaba, home: Path, how: Any, *, inputs: dict[str, Any] | None = None, **options: Any) -> Played:
    return await play(host, "aliyun.mend", ACTIONS["aliyun.mend"], home, options={"how": how, **options}, inputs=inputs, secrets=("TAILSCALE_API_TOKEN",))  # fmt: skip # noqa: E501


@pytest.mark.parametrize("how", ["nodivert", "off", False])
async def test_a_mode_is_set_proven_and_taken_back(tmp_path: Path, how: Any) -> None:
    host = Alibaba()
    was = host.state
    played = await run(host, tmp_path / "a", how, prove_restart=True)
    assert played.outcome is Outcome.PASSED, played.why
    assert (host.mode, host.restarts) == (how or "off", 1)
    assert [each["phase"] for each in played.observed("network")] == ["mend", "mended", "mended"]
    assert played.observed("network")[-1]["conclusion"] == "fine"
    assert "代价：" in played.log
    assert "tailscale set --netfilter-mode=" in played.log
    played = await run(host, tmp_path / "b", "undo")
    assert played.outcome is Outcome.PASSED
    assert host.state == was
    assert played.observed("network")[-1]["conclusion"] == "trap"


async def test_undoing_twice_changes_nothing_more(tmp_path: Path) -> None:
    host = Alibaba()
    played = await run(host, tmp_path, "undo")
    assert played.outcome is Outcome.PASSED
    assert "没有要退回的改动" in played.log
    assert host.scripts[:-1] == [host.looks[0], f"if [ -e {UNDO} ]; then cat {UNDO}; fi", host.looks[1]]


async def test_the_attribute_through_the_api(tmp_path: Path, fake: Fake) -> None:
    host = Alibaba(policy=lambda: fake.admin.policy)
    was, policy = host.state, fake.admin.policy
    played = await run(host, tmp_path / "a", "attribute", inputs=GOOD)
    assert played.outcome is Outcome.PASSED, played.why
    assert '{"target": ["tag:server"], "attr": ["disable-linux-cgnat-drop-rule"]}' in fake.admin.policy
    assert (host.mode, host.rp_filter, host.files[SYSCTL]) == ("on", 1, "net.ipv4.conf.all.rp_filter = 1\n")
    assert "tskey-api-good" not in played.log + str(played.events)
    played = await run(host, tmp_path / "b", "undo", inputs=GOOD)
    assert played.outcome is Outcome.PASSED, played.why
    assert (host.state, fake.admin.policy) == (was, policy)


async def test_an_attribute_somebody_else_gave_is_not_taken_back(tmp_path: Path, fake: Fake) -> None:
    given: list[str] = []
    host = Alibaba(policy=lambda: "".join(given))
    fake.admin.policy = '{"nodeAttrs": [{"target": ["tag:server"], "attr": ["disable-linux-cgnat-drop-rule"]}]}'
    policy = fake.admin.policy
    host.at_probe = lambda number: given.append(policy) if number == 2 else None
    assert (await run(host, tmp_path / "a", "attribute", inputs=GOOD)).outcome is Outcome.PASSED
    assert (await run(host, tmp_path / "b", "undo", inputs=GOOD)).outcome is Outcome.PASSED
    assert fake.admin.policy == policy


@pytest.mark.parametrize(
    ("inputs", "word"), [(None, "without a Tailscale token"), ({"TAILSCALE_API_TOKEN": "tskey-api-wrong"}, "does not know this token")]
)
async def test_without_a_good_token_nothing_is_changed(tmp_path: Path, fake: Fake, inputs: Any, word: str) -> None:
    host = Alibaba(policy=lambda: fake.admin.policy)
    was = host.state
    played = await run(host, tmp_path, "attribute", inputs=inputs)
    assert played.outcome is Outcome.FAILED
    assert word in played.why
    assert host.state == was


async def test_a_token_too_weak_is_said_and_what_was_done_can_be_undone(tmp_path: Path, fake: Fake) -> None:
    host = Alibaba(policy=lambda: fake.admin.policy)
    was, weak = host.state, {"TAILSCALE_API_TOKEN": "tskey-api-weak"}
    played = await run(host, tmp_path / "a", "attribute", inputs=weak)
    assert "may not do this" in played.why
    assert (await run(host, tmp_path / "b", "undo", inputs=weak)).outcome is Outcome.PASSED
    assert host.state == was


async def test_a_policy_nobody_can_edit_safely_is_left_alone(tmp_path: Path, fake: Fake) -> None:
    fake.admin.policy = '{"nodeAttrs": [], "nodeAttrs": []}'
    host = Alibaba()
    was = host.state
    played = await run(host, tmp_path, "attribute", inputs=GOOD)
    assert "tag:server" in played.why
    assert host.state == was


async def test_a_policy_that_changed_meanwhile_is_read_again(tmp_path: Path, fake: Fake) -> None:
    host = Alibaba(policy=lambda: fake.admin.policy)

    def somebody_else() -> None:
        if len(fake.admin.asked) == 3:  # between our reading it (the second time, to change it) and our change
            fake.admin.policy = fake.admin.policy.replace("everybody", "everyone")

    fake.admin.after_reading = somebody_else
    played = await run(host, tmp_path, "attribute", inputs=GOOD)
    assert played.outcome is Outcome.PASSED, played.why
    assert "// everyone may reach" in fake.admin.policy
    assert fake.admin.policy.count("disable-linux-cgnat-drop-rule") == 1
    assert fake.admin.asked.count("POST /api/v2/tailnet/-/acl") == 2


async def test_one_mend_replaces_another(tmp_path: Path) -> None:
    host = Alibaba()
    was = host.state
    await run(host, tmp_path / "a", "nodivert")
    played = await run(host, tmp_path / "b", "off")
    assert (played.outcome, host.mode) == (Outcome.PASSED, "off")
    await run(host, tmp_path / "c", "undo")
    assert host.state == was


async def test_a_session_through_the_tailnet_is_refused_first(tmp_path: Path) -> None:
    through = {"facts": {"ssh": "100.64.0.2 50000 100.64.0.1 22"}}
    host = Alibaba(shows=dict(through))
    was = host.state
    played = await run(host, tmp_path / "a", "off")
    assert played.outcome is Outcome.REFUSED
    assert "over_tailscale: allow" in played.why
    assert (host.state, host.probes) == (was, 1)
    played = await run(Alibaba(shows=dict(through)), tmp_path / "b", "off", over_tailscale="allow")
    assert played.outcome is Outcome.PASSED


async def test_a_mend_that_does_not_work_is_not_called_one(tmp_path: Path) -> None:
    host = Alibaba(stubborn=True)
    played = await run(host, tmp_path, "nodivert")
    assert played.outcome is Outcome.FAILED
    assert "did not prove itself" in played.why
    assert host.files[UNDO].startswith("# nodivert\n")


async def test_a_command_that_fails_leaves_the_way_back(tmp_path: Path) -> None:
    host = Alibaba(fails="--netfilter-mode=off")
    played = await run(host, tmp_path / "a", "off")
    assert "exit code 1" in played.why
    host.fails = ""
    assert (await run(host, tmp_path / "b", "undo")).outcome is Outcome.PASSED
    assert (host.mode, host.files) == ("on", {})


@pytest.mark.parametrize(
    ("host", "how", "word"),
    [
        (Alibaba(shows={"version": "1.96.5"}), "attribute", "1.98.2"),
        (Alibaba(shows={"parts": {"ufw": ("ERROR: You need to be root", 1)}}), "off", "log in as root"),
        (Alibaba(), "magic", "attribute, nodivert, off, undo"),
        (Alibaba(logged_in=False, shows={"rows": {"metadata": "fail"}}), "off", "no collision was seen"),
    ],
)
async def test_what_cannot_be_done_is_said(tmp_path: Path, host: Alibaba, how: str, word: str) -> None:
    was = host.state
    played = await run(host, tmp_path, how, inputs=GOOD)
    assert word in played.why
    assert host.state == was


async def test_a_healthy_server_is_left_alone(tmp_path: Path) -> None:
    host = Alibaba(mode="off")
    was = host.state
    played = await run(host, tmp_path, "nodivert")
    assert (played.outcome, host.state) == (Outcome.PASSED, was)
    assert "没有要处理的" in played.log


async def test_a_daemon_that_does_not_come_back_is_no_pass(tmp_path: Path) -> None:
    host = Alibaba(statuses=[{**RUNNING, "BackendState": "Stopped"}])
    played = await run(host, tmp_path, "off", prove_restart=True)
    assert played.outcome is Outcome.UNKNOWN
    assert "did not come back" in played.why
