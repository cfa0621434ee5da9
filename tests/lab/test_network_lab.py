"""The trap and its mends by the program's own actions: real Tailscale, real firewall rules, a cloud in Tailscale's own range."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from difflib import ndiff
from pathlib import Path
from typing import Any

import pytest
from lab import Control, Host, Lab, Tailnet
from lab.tailnet import RESOLVERS

from tui.act import ACTIONS
from tui.cloud.hujson import parse
from tui.guide.model import ActionSpec, Guide, Input, Step
from tui.judge.cgnat_accept import SCRIPT, UNIT
from tui.judge.cgnat_mends import SYSCTL, UNDO
from tui.run import events as ev
from tui.run.ask import Nobody
from tui.run.engine import Session
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.plan import Given, Request
from tui.secret import Secret

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cloud"))
from fake_admin import Fake

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"
PURGE = (
    "apt-get purge -y tailscale tailscale-archive-keyring; rm -rf /etc/apt/sources.list.d/tailscale.list /var/lib/tailscale /var/lib/zhinan"
)
OWN = "iptables -P INPUT ACCEPT; iptables -F INPUT"
ALL, NONE = dict.fromkeys(RESOLVERS, 3), dict.fromkeys(RESOLVERS, 0)
MAGIC = ("dns:100.100.100.100", "dns:fd7a:115c:a1e0::53")
TOKEN = "TAILSCALE_API_TOKEN"
POLICY = """{
	// whom we trust
	"tagOwners": {"tag:server": ["reader@"]},
	"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}], // everybody
}
"""


@dataclass
class Done:
    """How one action ended, and what it told."""

    outcome: Outcome | None
    why: str
    facts: list[Any] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    log: str = ""


class Reader:
    """A reader whose home is the lab's: runs one action after another, and hands on what one learns to the next."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder)
        self.known: dict[str, str | Secret] = {}

    async def do(self, host: Host, use: str, user: str = "root", **options: Any) -> Done:
        step = Step("s", "S", 1, 9, on="ecs", items=(ActionSpec(use, 2, options),), changes=use == "aliyun.mend", inputs=tuple(self.known))
        inputs = tuple(Input(name, "secret" if name == TOKEN else "text") for name in self.known)
        guide = Guide(path=Path("g.md"), id="g", title="G", source="", tokens=(), digest="d", steps=(step,), inputs=inputs)
        given = Given({"ecs": host.target(user)}, dict(self.known), approved=True)
        session = Session(guide, Nobody(), journal=self._journal, given=given, actions=ACTIONS)
        done = Done(None, "")
        async with aclosing(session.run(Request(("s",)))) as events:
            async for event in events:
                match event:
                    case ev.Observed():
                        done.facts.append(event.facts)
                    case ev.Printed():
                        done.log += event.text
                    case ev.StepEnded():
                        done.why = event.why.en if event.why else ""
                    case ev.RunEnded():
                        done.outcome = event.verdict
        self.known |= session.found
        await session.close()
        return done

    def close(self) -> None:
        self._journal.close()


@pytest.fixture
async def reader(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reader]:
    monkeypatch.setenv("HOME", str(lab.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    one = Reader(tmp_path / "home")
    yield one
    one.close()


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    tailnet.control.clear()
    tailnet.control.policy(parse(POLICY).plain)
    yield tailnet.control
    tailnet.control.policy({"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]})
    tailnet.control.clear()


@pytest.fixture
def ecs(tailnet: Tailnet, control: Control) -> Iterator[Host]:
    """The server in the cloud with Tailscale installed and logged out."""
    tailnet.server.exec(f"{PURGE}; {OWN}")
    tailnet.server.exec(INSTALL, check=True, timeout=120)
    yield tailnet.server
    tailnet.server.exec(f"systemctl disable --now {UNIT}; rm -f {SCRIPT} /etc/systemd/system/{UNIT} {SYSCTL}; {PURGE}; {OWN}")


@pytest.fixture
def admin(control: Control, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """The admin API, whose policy is the control server's."""
    with Fake() as fake:
        fake.admin.policy = POLICY
        fake.admin.on_policy = lambda text: control.policy(parse(text).plain)
        monkeypatch.setenv("ZHINAN_TAILSCALE_API", fake.base)
        yield fake


def log_in(ecs: Host, control: Control) -> None:
    key = control.preauth_key(tags=["tag:server"])
    ecs.exec(f"tailscale up --timeout=40s --login-server={control.url} --auth-key={key}", check=True)


def replies(host: Host) -> dict[str, int]:
    return {resolver: host.resolves(resolver, "mirrors.cloud.aliyuncs.com") for resolver in RESOLVERS}


def replies_after_a_restart(host: Host) -> dict[str, int]:
    """The same, tailscaled having been restarted and being connected again."""
    was = host.exec("systemctl show -p InvocationID tailscaled").stdout
    again = 'until tailscale status --json | grep -q \'"BackendState": "Running"\'; do sleep 0.1; done'
    host.exec(f"systemctl restart tailscaled; {again}", check=True)
    assert host.exec("systemctl show -p InvocationID tailscaled").stdout != was
    return replies(host)


def own_state(host: Host) -> str:
    """All of the server that a mend may change."""
    return host.exec(
        "tailscale debug prefs | grep NetfilterMode; iptables -S; ip6tables -S; sysctl net.ipv4.conf.all.rp_filter; "
        f"ls {UNDO} {SYSCTL} {SCRIPT} /etc/systemd/system/{UNIT} /etc/systemd/system/multi-user.target.wants 2>&1"
    ).stdout


def changed(was: str, now: str) -> list[str]:
    """The lines that differ."""
    return [line for line in ndiff(was.splitlines(), now.splitlines()) if line[0] in "+-"]


async def test_the_trap_bites_after_the_login_and_not_before(reader: Reader, ecs: Host, control: Control) -> None:
    before = await reader.do(ecs, "aliyun.network", phase="before")
    assert (before.outcome, before.facts[-1]["conclusion"]) == (Outcome.PASSED, "fine"), before.why
    assert {row["status"] for row in before.facts[-1]["rows"]} == {"pass"}
    log_in(ecs, control)
    after = await reader.do(ecs, "aliyun.network", again_after=0)
    facts = after.facts[-1]
    assert (after.outcome, facts["conclusion"], len(after.facts)) == (Outcome.FAILED, "trap", 1)
    seen = {row["id"]: row["status"] for row in facts["rows"]}
    assert {name: status for name, status in seen.items() if name not in MAGIC} == {
        "dns:100.100.2.136": "fail", "dns:100.100.2.138": "fail", "dns:223.5.5.5": "pass", "metadata": "fail", "mirror": "fail",
        "assistant": "fail", "resolver": "fail",
    }  # fmt: skip
    assert facts["rule"] == "-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP"
    assert facts["risen"] >= 6
    assert [mend["id"] for mend in facts["mends"]] == ["nodivert", "off", "attribute"]


@pytest.mark.parametrize(("how", "user"), [("nodivert", "root"), ("off", "dev")])
async def test_a_mode_mends_it_for_good_and_is_taken_back(reader: Reader, ecs: Host, control: Control, how: str, user: str) -> None:
    log_in(ecs, control)
    assert replies(ecs) == NONE
    was = own_state(ecs)
    done = await reader.do(ecs, "aliyun.mend", user, how=how, prove_restart=True)
    assert (done.outcome, replies(ecs)) == (Outcome.PASSED, ALL), (done.why, done.log)
    assert replies_after_a_restart(ecs) == ALL
    assert (await reader.do(ecs, "aliyun.network", user, again_after=0)).outcome is Outcome.PASSED
    undone = await reader.do(ecs, "aliyun.mend", user, how="undo")
    assert (undone.outcome, undone.facts[-1]["conclusion"]) == (Outcome.PASSED, "trap"), undone.why
    assert replies(ecs) == NONE
    assert changed(was, own_state(ecs)) == []


async def test_the_attribute_mends_it_for_good_and_is_taken_back(reader: Reader, ecs: Host, control: Control, admin: Fake) -> None:
    log_in(ecs, control)
    assert replies(ecs) == NONE
    node = json.loads(ecs.exec("tailscale status --json").stdout)["Self"]["ID"]
    admin.admin.add(node, tags=["tag:server"])
    reader.known[TOKEN] = Secret("tskey-api-good")
    was = own_state(ecs)
    done = await reader.do(ecs, "aliyun.mend", how="attribute", prove_restart=True)
    assert (done.outcome, replies(ecs)) == (Outcome.PASSED, ALL), (done.why, done.log)
    assert replies_after_a_restart(ecs) == ALL
    assert "-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j RETURN" in ecs.exec("iptables -S").stdout
    assert ecs.exec(f"cat {SYSCTL}").stdout == "net.ipv4.conf.all.rp_filter = 1\n"
    assert "// whom we trust" in admin.admin.policy
    undone = await reader.do(ecs, "aliyun.mend", how="undo")
    assert undone.outcome is Outcome.PASSED, undone.why
    assert admin.admin.policy == POLICY
    for _ in range(50):
        if replies(ecs) == NONE:
            break
    assert changed(was, own_state(ecs)) == []


async def test_a_host_that_denies_by_default_stays_reachable_through_the_tailnet(
    reader: Reader, ecs: Host, control: Control, tailnet: Tailnet
) -> None:
    laptop = tailnet.laptop
    rules = "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "-i lo -j ACCEPT", f"-d {ecs.ip} -p tcp --dport 22 -j ACCEPT"
    ecs.exec("; ".join([*(f"iptables -A INPUT {rule}" for rule in rules), "iptables -P INPUT DROP"]), check=True)
    log_in(ecs, control)
    laptop.exec(f"tailscale up --timeout=40s --login-server={control.url} --auth-key={control.preauth_key()}")
    address = ecs.exec("tailscale ip -4").stdout.strip()
    words = f"ssh -o BatchMode=yes -o ConnectTimeout=10 -o HostKeyAlias={ecs.ip} root@{address} hostname"
    try:
        assert laptop.exec(words).stdout == "ecs\n"
        was = own_state(ecs)
        done = await reader.do(ecs, "aliyun.mend", how="off", prove_restart=True)
        assert done.outcome is Outcome.PASSED, (done.why, done.log)
        assert replies(ecs) == ALL
        assert laptop.exec(words).stdout == "ecs\n"
        assert ecs.exec(f"systemctl is-enabled {UNIT}").stdout == "enabled\n"
        assert (await reader.do(ecs, "aliyun.mend", how="undo")).outcome is Outcome.PASSED
        assert laptop.exec(words).stdout == "ecs\n"
        assert changed(was, own_state(ecs)) == []
    finally:
        laptop.exec("tailscale logout")


async def test_an_account_without_rights_is_told_the_truth(reader: Reader, ecs: Host, control: Control) -> None:
    before = await reader.do(ecs, "aliyun.network", "guest", phase="before")
    assert (before.outcome, before.facts[-1]["conclusion"]) == (Outcome.PASSED, "unknown")
    log_in(ecs, control)
    after = await reader.do(ecs, "aliyun.network", "guest", again_after=0)
    assert (after.outcome, after.facts[-1]["conclusion"], after.facts[-1]["rule"]) == (Outcome.FAILED, "trap", None)
    done = await reader.do(ecs, "aliyun.mend", "guest", how="off")
    assert done.outcome is Outcome.FAILED
    assert replies(ecs) == NONE
