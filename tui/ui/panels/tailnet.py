"""The private network as the verify step found it: which machines are in it, how they reach each other, and what proves that it is them.

A machine's `relay` is only its nearest relay: whether packets go by it is known for the server alone, which was pinged (`path`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from textual.app import ComposeResult

from tui.run.state import RunState
from tui.texts import Text
from tui.ui.linebreak import width_of
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table
from tui.ui.panels.told import DECIDE, FAIL, PASS, TODO, UNSURE, Facts, moment, part, parts, reasons, sentence, topic_of, word
from tui.ui.panels.topic import TopicPanel

_TAILNET = Text("虚拟局域网", "Tailnet")
_ONLINE = Text("{n} / {all} 在线", "{n} / {all} online")
_HERE, _SERVER = Text("本机", "this computer"), Text("服务器", "server")
_ON, _OFF = Text("在线", "online"), Text("离线", "offline")
_DIRECT, _HOME = Text("直连", "direct"), Text("DERP {via}", "DERP {via}")
_NEVER = Text("密钥不过期", "no key expiry")
_EXPIRES = Text("密钥 {day} 到期", "key until {day}")
_EXPIRED = Text("密钥已过期", "key expired")
_UNREAD = Text("密钥到期时间看不懂", "key expiry unreadable")
_NODE, _PATH, _SSH, _BOOT, _KEY = Text("节点", "node"), Text("路径", "path"), Text("SSH", "SSH"), Text("开机", "boot"), Text("密钥", "key")
_AT_BOOT, _NOT_AT_BOOT = Text("开机自动启动", "starts with the machine"), Text("开机不会自动启动", "does not start with the machine")
_BOOT_UNKNOWN = Text("看不出是否开机自动启动", "can't tell whether it starts with the machine")
_ADMIN = Text("后台", "console")
_CONSOLE = Text("管理后台里的 {n} 台", "in the console: {n}")
_LAST = Text("上次在线 {day}", "seen {day}")
_UNSEEN = Text("本机看不到", "not seen from here")
_NO_BOOT = ("disabled", "masked")
_SOON = 30
"""Days before a key's end from which the reader has to decide."""

Row = tuple[Cell, Cell, Cell]
"""Mark, name, what is known."""


class TailnetPanel(TopicPanel):
    """The tailnet, as the step `step_id` or the running one told it."""

    DEFAULT_CSS = """
    TailnetPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_TAILNET)
        self._machines = Table((0.03, 0.4))
        self._proofs = Table((0.03, 0.3))
        self._count = Table((0.03,))
        self._listed = Table((0.03, 0.4))

    def compose(self) -> ComposeResult:
        """Machines, what was proven of the way to the server, then what the console knows."""
        yield from (self._heading, self._machines, self._proofs, self._count, self._listed)

    def tell(self) -> None:
        """Show what is known."""
        facts = topic_of(self.state, self.step_id, "tailnet")
        machines = list(parts(facts, "machines"))
        online = sum(each.get("online") is True for each in machines)
        self._heading.facts = (str(_ONLINE.fill(n=online, all=len(machines))),) if machines else ()
        self._machines.rows = tuple(machine_rows(facts, self.now))
        self._proofs.rows = tuple(proof_rows(facts, self.now))
        listed = tuple(console_rows(facts, self.now))
        self._count.rows = ((Cell(""), Cell(str(_CONSOLE.fill(n=len(listed))), "$muted")),) if listed else ()
        self._listed.rows = listed


def has(state: RunState, step_id: str) -> bool:
    """Whether there is anything to show."""
    return bool(topic_of(state, step_id, "tailnet"))


def machine_rows(facts: Facts, now: float) -> list[Row]:
    """One row a machine: is it there, its name, its address, how it is reached, and when its key ends. `now` in Unix seconds."""
    me, server = _who(part(facts, "self")), _who(part(facts, "server"))
    machines = [{**each, **part(facts, "server")} if server and _who(each) == server else each for each in parts(facts, "machines")]
    ways = ["" if _who(each) == me else _way(each) for each in machines]
    ips = max((len(word(each, "ip")) for each in machines), default=0)
    room = max(map(width_of, ways), default=0)
    rows: list[Row] = []
    for each, way in zip(machines, ways, strict=True):
        who, online = _who(each), each.get("online") is True
        key, urgent = _key(part(each, "expiry"), now)
        mark = DECIDE if urgent else PASS if online else TODO
        role = f" ({_HERE})" if who and who == me else f" ({_SERVER})" if who and who == server else ""
        known = f"{word(each, 'ip').ljust(ips)}  {way}{' ' * (room - width_of(way))}  {_ON if online else _OFF}  {key}"
        rows.append((mark, Cell(word(each, "name") + role), Cell(known.rstrip(), "$ink" if online else "$muted")))
    return rows


def proof_rows(facts: Facts, now: float) -> Iterator[Row]:
    """The way to the server, the login through it, whether it stays there, and what Tailscale complains about. `now` in Unix seconds."""
    if peer := part(facts, "peer"):
        yield PASS if peer.get("ok") is True else FAIL, Cell(str(_NODE), "$muted"), Cell(sentence(peer))
    if path := part(facts, "path"):
        said = sentence(path) or " ".join((word(path, "kind"), word(path, "via")))
        yield {"direct": PASS, "relay": DECIDE}.get(word(path, "kind"), FAIL), Cell(str(_PATH), "$muted"), Cell(said)
    if ssh := part(facts, "ssh"):
        ok = ssh.get("ok")
        mark = PASS if ok is True else FAIL if ok is False else UNSURE
        yield mark, Cell(str(_SSH), "$muted"), Cell(sentence(ssh) or word(ssh, "proof"))
    if "boot" in facts:
        yield _boot(word(facts, "boot"))
    key = part(part(facts, "server"), "expiry")
    if key and word(key, "state") != "never":
        yield DECIDE if _key(key, now)[1] else PASS, Cell(str(_KEY), "$muted"), Cell(sentence(key))
    if said := sentence(part(facts, "console_error")):
        yield UNSURE, Cell(str(_ADMIN), "$muted"), Cell(said)
    yield from ((mark, Cell(""), words) for mark, words in reasons(facts))


def console_rows(facts: Facts, now: float) -> Iterator[Row]:
    """The machines that the admin console lists, if it was asked: whose each is, when its key ends, when it was there last.

    One that this computer does not see is marked: access rules, or an old entry. `now` in Unix seconds.
    """
    listed = list(parts(facts, "console"))
    if not listed:
        return
    me, server = _who(part(facts, "self")), _who(part(facts, "server"))
    seen = {_who(each) for each in parts(facts, "machines")}
    ips = max(len(word(each, "ip")) for each in listed)
    for each in listed:
        who, ends = _who(each), moment(each, "expiry")
        key, urgent = _key({"state": "valid" if word(each, "expiry") else "never", "at": word(each, "expiry")}, now)
        last = moment(each, "last_seen")
        unseen = str(_UNSEEN) if who not in seen else ""
        known = (word(each, "ip").ljust(ips), word(each, "user"), key, str(_LAST.fill(day=f"{last:%Y-%m-%d}")) if last else "", unseen)
        role = f" ({_HERE})" if who and who == me else f" ({_SERVER})" if who and who == server else ""
        mark = DECIDE if urgent or unseen else TODO
        yield (
            mark,
            Cell(word(each, "name") + role),
            Cell("  ".join(part for part in known if part.strip()), "$muted" if ends is None else "$ink"),
        )


def _boot(systemd: str) -> Row:
    if not systemd:
        return UNSURE, Cell(str(_BOOT), "$muted"), Cell(str(_BOOT_UNKNOWN))
    stays = systemd not in _NO_BOOT
    return PASS if stays else FAIL, Cell(str(_BOOT), "$muted"), Cell(f"{_AT_BOOT if stays else _NOT_AT_BOOT} ({systemd})")


def _way(machine: Facts) -> str:
    if word(machine, "direct"):
        return str(_DIRECT)
    relay = word(machine, "relay")
    return str(_HOME.fill(via=relay)) if relay and machine.get("online") is True else ""


def _key(expiry: Facts, now: float) -> tuple[str, bool]:
    """When a machine's key ends, and whether the reader must do something about it."""
    state, ends = word(expiry, "state"), moment(expiry, "at")
    left = (ends - datetime.fromtimestamp(now, UTC)).total_seconds() if ends else None
    if state == "expired" or (left is not None and left <= 0):
        return str(_EXPIRED), True
    if ends is not None and left is not None:
        return str(_EXPIRES.fill(day=f"{ends:%Y-%m-%d}")), left < _SOON * 86400
    return (str(_NEVER), False) if state == "never" else (str(_UNREAD), True) if state else ("", False)


def _who(machine: Facts) -> str:
    """What tells a machine from all others: its id, since names change."""
    return word(machine, "id") or word(machine, "name")
