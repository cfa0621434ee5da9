"""The gates before public SSH is closed: each opens on its proof only, and unknown never opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from test_firewall_reach import rule, wall

from tui.judge.cgnat import Conclusion, Health
from tui.judge.cgnat_look import Row
from tui.judge.evidence import Status
from tui.judge.firewall import Member
from tui.judge.firewall_plan import plan, sharing
from tui.judge.firewall_store import wall_to_json
from tui.judge.gates import IDS, Boot, ByHand, Echo, Gate, Login, Network, Saved, Seen, gates
from tui.judge.gates_open import Override, decide, phrase
from tui.judge.peers import Expiry
from tui.judge.ssh_proof import Proof, Reached
from tui.texts import Text, same

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SAME = Proof(Reached.SAME, same("the same machine"))


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def health(conclusion: Conclusion = Conclusion.FINE, **rows: Status) -> Health:
    told = {"dns:100.100.2.136": Status.PASS, "metadata": Status.PASS, "assistant": Status.PASS, **rows}
    return Health(conclusion, same("health"), tuple(Row(each, same(each), "", status, "", 1) for each, status in told.items()))


WALL = replace(wall([rule()]), members={"sg-0": (Member("i-1", "web-1"), Member("i-2", "web-2"))})
GOOD = Seen(
    NOW,
    Login(SAME, "100.101.7.4", ago(minutes=1)),
    Boot(enabled=True, restarted=ago(minutes=6), login=Login(SAME, "fd7a:115c:a1e0::7", ago(minutes=5))),
    Expiry("never", same("never")),
    Network(health(), ago(minutes=20), ago(minutes=2)),
    Echo("zhinan-7f", "zhinan-7f\n", 2.1, ago(minutes=1)),
    plan=plan(WALL),
    accepted=frozenset({"i-2"}),
    saved=Saved("/home/u/old-rules.json", wall_to_json(WALL)),
)


def gate(name: str, seen: Seen) -> Gate:
    return next(each for each in gates(seen) if each.id == name)


def test_everything_proven_opens_everything() -> None:
    found = gates(GOOD)
    assert tuple(each.id for each in found) == IDS
    assert [each.status for each in found] == [Status.PASS] * 8
    assert [each.remedy for each in found] == [""] * 8
    assert decide(found).opens


def test_nothing_looked_at_opens_nothing() -> None:
    found = gates(Seen(NOW))
    assert {each.status for each in found} == {Status.UNKNOWN}
    assert all(each.remedy for each in found)
    assert not decide(found).opens


def login(reached: Reached, address: str = "100.101.7.4", **time: float) -> Login:
    return Login(Proof(reached, same("?")), address, ago(**time or {"minutes": 1}))


FAIL, UNKNOWN, PASS = Status.FAIL, Status.UNKNOWN, Status.PASS
CASES: list[tuple[str, dict[str, Any], Status]] = [
    ("tailnet-ssh", {"login": login(Reached.KEY_ONLY)}, UNKNOWN),
    ("tailnet-ssh", {"login": login(Reached.OTHER_KEY)}, FAIL),
    ("tailnet-ssh", {"login": login(Reached.OTHER_MACHINE)}, FAIL),
    ("tailnet-ssh", {"login": login(Reached.SILENT)}, FAIL),
    ("tailnet-ssh", {"login": login(Reached.SAME, "203.0.113.7")}, FAIL),
    ("tailnet-ssh", {"login": login(Reached.SAME, "web-1")}, FAIL),
    ("tailnet-ssh", {"login": login(Reached.SAME, minutes=31)}, UNKNOWN),
    ("tailnet-ssh", {"login": login(Reached.SAME, minutes=-1)}, UNKNOWN),
    ("boot", {"boot": Boot(None)}, UNKNOWN),
    ("boot", {"boot": Boot(enabled=False)}, FAIL),
    ("boot", {"boot": Boot(enabled=True)}, UNKNOWN),
    ("boot", {"boot": Boot(enabled=True, restarted=ago(minutes=5))}, UNKNOWN),
    ("boot", {"boot": Boot(enabled=True, restarted=ago(minutes=5), login=login(Reached.SAME, minutes=6))}, UNKNOWN),
    ("boot", {"boot": Boot(enabled=True, restarted=ago(minutes=5), login=login(Reached.SILENT))}, FAIL),
    ("boot", {"boot": Boot(enabled=True, restarted=ago(minutes=5), login=login(Reached.KEY_ONLY))}, UNKNOWN),
    ("expiry", {"expiry": Expiry("unread", same("?"))}, UNKNOWN),
    ("expiry", {"expiry": Expiry("expired", same("?"))}, FAIL),
    ("expiry", {"expiry": Expiry("valid", same("?"), 30)}, FAIL),
    ("expiry", {"expiry": Expiry("valid", same("?"), 31)}, PASS),
    ("trap", {"network": Network(health(Conclusion.TRAP), ago(minutes=20), NOW)}, FAIL),
    ("trap", {"network": Network(health(Conclusion.UNKNOWN), ago(minutes=20), NOW)}, UNKNOWN),
    ("trap", {"network": Network(health(Conclusion.NOT_ALIBABA), ago(minutes=20), NOW)}, UNKNOWN),
    ("trap", {"network": Network(health(assistant=FAIL), ago(minutes=20), NOW)}, FAIL),
    ("trap", {"network": Network(health(assistant=UNKNOWN), ago(minutes=20), NOW)}, UNKNOWN),
    ("trap", {"network": Network(health(metadata=FAIL), ago(minutes=20), NOW)}, FAIL),
    ("trap", {"network": Network(health(), ago(seconds=129), NOW)}, UNKNOWN),
    ("trap", {"network": Network(health(), ago(seconds=130), NOW)}, PASS),
    ("trap", {"network": Network(health(), None, NOW)}, UNKNOWN),
    ("trap", {"network": Network(health(), ago(hours=2), ago(hours=1))}, UNKNOWN),
    ("second-way", {"echo": Echo("zhinan-7f", "", 60, NOW, same("DeliveryTimeout"))}, FAIL),
    ("second-way", {"echo": Echo("zhinan-7f", "zhinan-00", 1, NOW)}, FAIL),
    ("second-way", {"echo": Echo("", "", 1, NOW)}, FAIL),
    ("second-way", {"echo": Echo("zhinan-7f", "zhinan-7f", 1, ago(minutes=40))}, UNKNOWN),
    ("second-way", {"network": None}, UNKNOWN),
    ("second-way", {"network": Network(health(), ago(seconds=100), NOW)}, UNKNOWN),
    ("second-way", {"echo": None, "by_hand": ByHand(Text("会话管理", "Session Manager"), "1a2b3c", ago(minutes=1))}, PASS),
    ("second-way", {"echo": None, "by_hand": ByHand(same("VNC"), "1a2b3c", ago(hours=1))}, UNKNOWN),
    ("second-way", {"echo": None, "by_hand": ByHand(same("VNC"), "1a2b3c", ago(minutes=1)), "network": None}, UNKNOWN),
    ("shared", {"accepted": frozenset()}, FAIL),
    ("shared", {"plan": plan(replace(WALL, members={}))}, UNKNOWN),
    ("shared", {"plan": plan(replace(WALL, members={"sg-0": (Member("i-1"),)})), "accepted": frozenset()}, PASS),
    ("saved", {"saved": Saved("/x", "{}")}, FAIL),
    ("saved", {"saved": Saved("/x", wall_to_json(replace(WALL, taken="2020")))}, FAIL),
    ("saved", {"plan": None}, UNKNOWN),
    ("plan", {"plan": plan(wall([rule(PortRange="20/30")]))}, FAIL),
    ("plan", {"plan": plan(wall([rule(Policy="?")]))}, FAIL),
]


@pytest.mark.parametrize(("name", "changed", "status"), CASES)
def test_each_gate(name: str, changed: dict[str, Any], status: Status) -> None:
    found = gate(name, replace(GOOD, **changed))
    assert found.status is status
    assert bool(found.remedy) == (status is not Status.PASS)
    assert status is Status.PASS or not decide(gates(replace(GOOD, **changed))).opens


def test_an_assistant_nobody_asked_is_not_called_alive() -> None:
    found = gate("trap", replace(GOOD, network=Network(health(assistant=UNKNOWN), ago(minutes=20), NOW)))
    assert "not all looked at" in found.say.en


def typed(name: str, words: str = "") -> Override:
    return Override(name, words or phrase(name), NOW)


def test_words_open_a_gate_and_are_kept() -> None:
    found = gates(replace(GOOD, expiry=None))
    assert not decide(found).opens
    assert not decide(found, [typed("expiry", "yes")]).opens
    assert not decide(found, [typed("boot")]).opens
    decision = decide(found, [typed("expiry")])
    assert decision.opens
    assert [(each.id, override.typed) for each, override in decision.opened] == [("expiry", "open expiry anyway")]


@pytest.mark.parametrize("changed", [{"saved": None}, {"plan": plan(wall([rule(PortRange="20/30")]))}])
def test_no_words_open_what_the_way_back_hangs_on(changed: dict[str, Any]) -> None:
    found = gates(replace(GOOD, **changed))
    assert not decide(found, [typed(each) for each in IDS]).opens


def test_no_words_help_while_no_way_in_is_proven() -> None:
    assert decide(gates(replace(GOOD, login=None)), [typed("tailnet-ssh")]).opens
    assert not decide(gates(replace(GOOD, login=None, echo=None)), [typed("tailnet-ssh"), typed("second-way")]).opens


def test_a_gate_that_was_not_asked_is_not_open() -> None:
    assert not decide(gates(GOOD)[:-1]).opens


def test_sharing_counts_the_groups_that_change_only() -> None:
    other = replace(WALL, members={**WALL.members, "sg-9": (Member("i-9"),)})
    assert sharing(plan(other)) == (Member("i-2", "web-2"),)
    assert sharing(plan(wall([rule("10.0.0.0/8")]))) == ()
