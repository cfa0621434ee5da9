"""One door to everything the program can read from Tailscale's own outputs; nothing behind it does I/O or raises but `NotStatus`.

read_status(text) -> Tailnet            `tailscale status --json`
situation(tailnet, now) -> Situation    where the machine stands; `situation_of(evidence, now)` from the command's evidence
read_up(stdout, stderr) -> Up           `tailscale up` and `set`
read_ping, read_version, read_prefs     `tailscale ping`, `version`, `debug prefs`
reasons(lines) -> Reason…               health lines as causes
"""

from tui.judge.tailscale_health import Reason, reason, reasons
from tui.judge.tailscale_situation import Situation, Stand, situation, situation_of
from tui.judge.tailscale_status import Backend, Node, NotStatus, Tailnet, read_status
from tui.judge.tailscale_up import Up, UpError, read_up
from tui.judge.tailscale_words import (
    OFFICIAL,
    NetfilterMode,
    Ping,
    PingError,
    Pong,
    Prefs,
    Version,
    Way,
    read_ping,
    read_prefs,
    read_version,
)

__all__ = [
    "OFFICIAL",
    "Backend",
    "NetfilterMode",
    "Node",
    "NotStatus",
    "Ping",
    "PingError",
    "Pong",
    "Prefs",
    "Reason",
    "Situation",
    "Stand",
    "Tailnet",
    "Up",
    "UpError",
    "Version",
    "Way",
    "read_ping",
    "read_prefs",
    "read_status",
    "read_up",
    "read_version",
    "reason",
    "reasons",
    "situation",
    "situation_of",
]
