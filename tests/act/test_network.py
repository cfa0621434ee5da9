"""`aliyun.network`: looks before the login, after it and a while later, and what a step says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from act_server import Played, play
from network_host import DEAD, Alibaba

from tui.act import ACTIONS
from tui.run import events as ev
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome

ELSEWHERE = {"vendor": "Amazon EC2", "region": "", "nameservers": "10.0.0.2"}
DENIED = "iptables v1.8.7 (nf_tables): Permission denied (you must be root)"


async def run(host: Alibaba, home: Path, *, inputs: dict[str, Any] | None = None, watch: Any = lambda *_: None, **options: Any) -> Played:
    given = {"again_after": 0, **options}
    return await play(host, "aliyun.network", ACTIONS["aliyun.network"], home, options=given, inputs=inputs, secrets=("TAILSCALE_API_TOKEN",), watch=watch)  # fmt: skip # noqa: E501


async def test_before_the_login(tmp_path: Path) -> None:
    host = Alibaba(logged_in=False)
    played = await run(host, tmp_path, phase="before")
    assert played.outcome is Outcome.PASSED
    assert host.probes == 1
    (facts,) = played.observed("network")
    assert (facts["conclusion"], facts["phase"], facts["rule"], facts["mends"], facts["again_at"]) == ("fine", "before", None, [], None)
    assert facts["rows"][0] == {
        "id": "dns:100.100.2.136", "name": {"zh": "内网 DNS", "en": "internal DNS"}, "address": "100.100.2.136", "status": "pass",
        "proof": "3/3", "ms": 12,
    }  # fmt: skip
    assert "accept-dns" in facts["accept_dns"]["en"]
    assert (played.values["network_region"], '"mirror":"pass"' in played.values["network_before"]) == ("cn-hangzhou", True)


async def test_the_trap_bites_after_the_login(tmp_path: Path) -> None:
    host = Alibaba()
    played = await run(host, tmp_path)
    assert played.outcome is Outcome.FAILED
    assert host.probes == 1
    assert "nodivert: " in played.why
    assert played.why.index("nodivert: ") < played.why.index("off: ") < played.why.index("attribute: ")
    (facts,) = played.observed("network")
    assert (facts["conclusion"], facts["cause"], facts["counter"], facts["risen"]) == ("trap", "aliyun-cgnat-drop", 9, 9)
    assert facts["rule"].startswith("-A ts-input -s 100.64.0.0/10")
    assert [each["id"] for each in facts["mends"]] == ["nodivert", "off", "attribute"]
    assert "--netfilter-mode=nodivert" in facts["mends"][0]["apply"]
    assert "✗ 内网 DNS 100.100.2.136" in played.log
    assert host.scripts == host.looks


async def test_where_nothing_answers_there_is_no_second_look(tmp_path: Path) -> None:
    silent = {**dict.fromkeys(DEAD, "fail"), "dns:223.5.5.5": "fail", "resolver": "fail"}
    host = Alibaba(logged_in=False, shows={"rows": silent})
    played = await run(host, tmp_path, again_after=600)
    assert (played.outcome, host.probes) == (Outcome.PASSED, 1)


async def test_a_token_puts_the_attribute_first(tmp_path: Path) -> None:
    played = await run(Alibaba(), tmp_path, inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert [each["id"] for each in played.observed("network")[0]["mends"]] == ["attribute", "nodivert", "off"]


async def test_the_trap_that_bites_only_later(tmp_path: Path) -> None:
    host = Alibaba(mode="off")

    def second(number: int) -> None:
        if number == 2:
            host.mode = "on"

    host.at_probe = second
    played = await run(host, tmp_path)
    assert (played.outcome, host.probes) == (Outcome.FAILED, 2)
    assert [each["phase"] for each in played.observed("network")] == ["later"]


async def test_fine_now_and_later(tmp_path: Path) -> None:
    host = Alibaba(mode="nodivert")
    played = await run(host, tmp_path)
    assert (played.outcome, host.probes) == (Outcome.PASSED, 2)
    assert "network_after" in played.values


async def test_the_countdown_is_told_and_can_be_stopped(tmp_path: Path) -> None:
    host = Alibaba(mode="nodivert")

    def stop(event: AnyEvent, session: Session) -> None:
        if isinstance(event, ev.Observed) and event.facts["again_at"]:
            assert event.facts["again_at"] > event.facts["at"]
            session.stop()

    played = await run(host, tmp_path, again_after="130s", watch=stop)
    assert (played.outcome, host.probes) == (Outcome.CANCELLED, 1)


async def test_what_answered_before_the_login_decides_where_rules_cannot_be_read(tmp_path: Path) -> None:
    shows = {"before": DENIED, "after": DENIED, "code": 4}
    before = (await run(Alibaba(logged_in=False), tmp_path / "a", phase="before")).values["network_before"]
    played = await run(Alibaba(shows=dict(shows)), tmp_path / "b", inputs={"network_before": before})
    assert (played.outcome, played.observed("network")[0]["conclusion"]) == (Outcome.FAILED, "trap")
    played = await run(Alibaba(shows=dict(shows)), tmp_path / "c")
    assert (played.outcome, played.observed("network")[-1]["conclusion"]) == (Outcome.PASSED, "unknown")
    assert "读不到防火墙规则" in played.log


async def test_the_region_found_before_is_asked_for_when_metadata_is_dead(tmp_path: Path) -> None:
    host = Alibaba()
    await run(host, tmp_path / "a", inputs={"network_region": "cn-beijing"})
    assert host.looks[0].startswith("ZHINAN_REGION=cn-beijing\n")
    await run(host, tmp_path / "b", inputs={"network_region": "$(reboot)"})
    assert "reboot" not in host.looks[-1]


async def test_another_cloud_is_told_at_once(tmp_path: Path) -> None:
    host = Alibaba(mode="off", shows=dict(ELSEWHERE))
    played = await run(host, tmp_path)
    assert (played.outcome, host.probes) == (Outcome.PASSED, 1)
    assert played.observed("network")[0]["conclusion"] == "not-alibaba"


@pytest.mark.parametrize(
    ("others", "mode", "outcome"),
    [("100.80.0.1", "on", Outcome.FAILED), ("100.80.0.1", "off", Outcome.PASSED), ("10.0.0.2", "on", Outcome.PASSED)],
)
async def test_another_network_in_the_range_must_really_lose_packets(tmp_path: Path, others: str, mode: str, outcome: Outcome) -> None:
    played = await run(Alibaba(mode=mode, shows={**ELSEWHERE, "nameservers": others}), tmp_path)
    assert played.outcome is outcome, played.why
    assert (played.observed("network")[-1]["conclusion"] == "cgnat-drop-other-network") == (mode == "on")


async def test_a_look_that_cannot_be_made_is_no_pass(tmp_path: Path) -> None:
    assert (await run(Alibaba(mode="off", lost=True), tmp_path)).outcome is Outcome.UNKNOWN


async def test_a_look_that_was_cut_is_no_pass(tmp_path: Path) -> None:
    assert (await run(Alibaba(mode="off", shows={"end": ""}), tmp_path)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("options", "word"), [({"phase": "soon"}, "before, after, later"), ({"phases": "x"}, "“phase”"), ({"again_after": "long"}, "130s")]
)
async def test_wrong_options_are_named(tmp_path: Path, options: dict[str, Any], word: str) -> None:
    host = Alibaba()
    played = await run(host, tmp_path, **options)
    assert word in played.why
    assert host.probes == 0
