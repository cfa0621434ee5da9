"""Installing and logging in by the program's own actions, on a real server with real Tailscale and a real control server."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lab import Control, Host, Lab, Tailnet

from tui.act import ACTIONS
from tui.guide.model import ActionSpec, Guide, Step
from tui.run import events as ev
from tui.run.ask import Nobody
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import Journal
from tui.run.plan import Given, Request

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"
PURGE = "apt-get purge -y tailscale tailscale-archive-keyring; rm -rf /etc/apt/sources.list.d/tailscale.list /var/lib/tailscale"


@dataclass
class Done:
    """How one action ended, and what it told."""

    outcome: Outcome | None = None
    why: str = ""
    log: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    lost: int = 0


Do = Callable[..., Any]


@pytest.fixture
async def do(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Do]:
    """Runs one action on a host, as a reader whose home is the lab's. `waited` is called in a thread for each link."""
    monkeypatch.setenv("HOME", str(lab.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    async with contextlib.AsyncExitStack() as stack:

        async def do(use: str, host: Host, *, seconds: float = 60.0, waited: Callable[[str], Any] = lambda _: None, **options: Any) -> Done:
            step = Step("s", "S", 1, 9, on="ecs", items=(ActionSpec(use, 2, options, seconds),), changes=True)
            guide = Guide(path=Path("g.md"), id="g", title="G", source="", tokens=(), digest="d", steps=(step,))
            journal = Journal(tmp_path / "home")
            stack.callback(journal.close)
            given = Given({"ecs": host.target("root")}, approved=True)
            session = Session(guide, Nobody(), journal=journal, given=given, actions=ACTIONS)
            done = Done()
            async with aclosing(session.run(Request(("s",)))) as events:
                async for event in events:
                    await hear(done, event, waited)
            done.values = session.found
            await session.close()
            return done

        yield do


async def hear(done: Done, event: AnyEvent, waited: Callable[[str], Any]) -> None:
    match event:
        case ev.Waited():
            done.links.append(event.url)
            await asyncio.to_thread(waited, event.url)
        case ev.ConnectionLost():
            done.lost += 1
        case ev.Printed():
            done.log += event.text
        case ev.StepEnded():
            done.why = event.why.en if event.why else ""
        case ev.RunEnded():
            done.outcome = event.verdict
        case _:
            pass


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    """The control server, knowing no machine before and after."""
    tailnet.control.clear()
    yield tailnet.control
    tailnet.control.clear()


@pytest.fixture
def bare(tailnet: Tailnet, control: Control) -> Iterator[Host]:
    """The server in the cloud without Tailscale, before and after."""
    tailnet.server.exec(PURGE)
    yield tailnet.server
    tailnet.server.mend()
    tailnet.server.exec(PURGE)


@pytest.fixture
def ecs(bare: Host) -> Host:
    """The server with Tailscale installed and logged out."""
    bare.exec(INSTALL, check=True, timeout=120)
    return bare


async def test_from_bare_to_logged_in_to_nothing_to_do(do: Do, bare: Host, control: Control, tailnet: Tailnet) -> None:
    refused = await do("tailscale.login", bare)
    assert (refused.outcome, "do the installing step first" in refused.why) == (Outcome.FAILED, True)

    done = await do("tailscale.install", bare)
    assert (done.outcome, done.why, done.values["ts_version"]) == (Outcome.PASSED, "", tailnet.version)
    assert "$ curl -fsSL https://tailscale.com/install.sh | sh\n" in done.log
    again = await do("tailscale.install", bare)
    assert (again.outcome, "install.sh" in again.log) == (Outcome.PASSED, False)

    done = await do("tailscale.login", bare, waited=control.register, hostname="ecs-1", accept_dns=False)
    assert (done.outcome, done.why, len(done.links)) == (Outcome.PASSED, "", 1)
    assert done.values["ts_ip"].startswith("100.64.")
    assert [node["given_name"] for node in control.nodes()] == ["ecs-1"]

    again = await do("tailscale.login", bare, hostname="ecs-1", accept_dns=False)
    assert (again.outcome, again.links, "tailscale up" in again.log) == (Outcome.PASSED, [], False)
    changed = await do("tailscale.login", bare, hostname="ecs-2")
    assert (changed.outcome, changed.links) == (Outcome.PASSED, [])
    assert "$ tailscale set --hostname=ecs-2\n" in changed.log


async def test_an_own_control_server_and_a_key(do: Do, ecs: Host, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    key = control.preauth_key(tags=["tag:server"])
    monkeypatch.setenv("TS_AUTH_KEY", key)
    done = await do("tailscale.login", ecs, auth_key="TS_AUTH_KEY", login_server=control.url)
    assert (done.outcome, done.why, done.links) == (Outcome.PASSED, "", [])
    assert done.values["ts_account"] == "tag:server"
    assert key not in done.log
    assert ecs.exec("ls /dev/shm/tmp.* /tmp/tmp.*").stdout == ""
    wrong = await do("tailscale.login", ecs, login_server="https://other.lab.test")
    assert (wrong.outcome, "another control server" in wrong.why) == (Outcome.FAILED, True)


async def test_a_wrong_key_is_said_at_once(do: Do, ecs: Host, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TS_AUTH_KEY", "hskey-auth-aaaaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
    done = await do("tailscale.login", ecs, auth_key="TS_AUTH_KEY", login_server=control.url)
    assert (done.outcome, done.links) == (Outcome.FAILED, [])
    assert "tailscale refused" in done.why


async def test_the_line_is_cut_while_a_person_is_at_it(do: Do, ecs: Host, control: Control) -> None:
    def waited(url: str) -> None:
        ecs.cut()
        threading.Timer(20.0, ecs.mend).start()
        # Somebody else, on another line, finishes the login meanwhile.
        threading.Timer(22.0, control.register, (url,)).start()

    done = await do("tailscale.login", ecs, seconds=240.0, waited=waited)
    assert (done.outcome, done.why, len(done.links)) == (Outcome.PASSED, "", 1)
    assert done.log.count("$ tailscale up") == 1
    assert done.log.count("To authenticate, visit:") == 1


async def test_the_command_is_killed_once_its_link_is_out(do: Do, ecs: Host, control: Control) -> None:
    def waited(url: str) -> None:
        ecs.exec("pkill -KILL -x tailscale", check=True)
        control.register(url)

    done = await do("tailscale.login", ecs, waited=waited)
    assert (done.outcome, done.why, len(done.links)) == (Outcome.PASSED, "", 1)


async def test_approval(do: Do, ecs: Host, tailnet: Tailnet) -> None:
    approval = tailnet.approval

    def waited(url: str) -> None:
        if url.endswith(("/admin", "/admin/machines")):
            approval.approve()
        else:
            approval.register(url)

    done = await do("tailscale.login", ecs, waited=waited, login_server=approval.url)
    assert (done.outcome, done.why, len(done.links)) == (Outcome.PASSED, "", 2)
    assert done.links[1] == f"{approval.url}/admin"


async def test_an_expired_key(do: Do, ecs: Host, control: Control) -> None:
    first = await do("tailscale.login", ecs, waited=control.register)
    assert first.outcome is Outcome.PASSED
    control.expire("ecs")
    for _ in range(60):
        if '"NeedsLogin"' in ecs.exec("tailscale status --json").stdout:
            break
        await asyncio.sleep(1.0)
    done = await do("tailscale.login", ecs, waited=control.register)
    assert (done.outcome, done.why, len(done.links)) == (Outcome.PASSED, "", 1)
    assert done.values["ts_ip"] == first.values["ts_ip"]


async def test_nobody_comes_and_the_link_is_used_the_next_time(do: Do, ecs: Host, control: Control) -> None:
    late = await do("tailscale.login", ecs, seconds=8.0)
    assert (late.outcome, len(late.links), "not logged in within" in late.why) == (Outcome.UNKNOWN, 1, True)
    done = await do("tailscale.login", ecs, waited=control.register)
    assert (done.outcome, done.links) == (Outcome.PASSED, late.links)


async def test_the_control_server_is_down(do: Do, ecs: Host, control: Control) -> None:
    control.stop()
    try:
        done = await do("tailscale.login", ecs, seconds=120.0, login_server=control.url)
    finally:
        control.start()
    assert done.outcome is Outcome.UNKNOWN
    assert "the control server can't be reached" in done.why


async def test_the_service_is_stopped(do: Do, ecs: Host) -> None:
    ecs.exec("systemctl disable --now tailscaled", check=True)
    done = await do("tailscale.login", ecs)
    assert (done.outcome, "sudo systemctl enable --now tailscaled" in done.why) == (Outcome.FAILED, True)
    assert (await do("tailscale.install", ecs)).outcome is Outcome.PASSED
    assert ecs.exec("systemctl is-active tailscaled; systemctl is-enabled tailscaled").stdout == "active\nenabled\n"
