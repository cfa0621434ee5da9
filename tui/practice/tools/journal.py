"""`journalctl` of the world: the lines that the services of a host have left."""

from __future__ import annotations

import time
from typing import Any

from tui.practice.tools.call import Call, flags
from tui.practice.tools.ground import HostState

_ALIASES = {"sshd": "ssh", "resolved": "systemd-resolved"}


def unit_name(written: str) -> str:
    """The unit's own name, without its ending."""
    name = written.removesuffix(".service")
    return _ALIASES.get(name, name)


def journal_line(host: HostState, entry: list[Any]) -> str:
    """One entry as `journalctl` shows it; an entry is time, unit, words."""
    at, unit, line = entry
    pid = 1 if unit == "systemd" else 2218
    return f"{time.strftime('%b %d %H:%M:%S', time.localtime(at))} {host['hostname']} {unit}[{pid}]: {line}"


def journalctl(call: Call) -> int:
    """The world's journal; `-u` picks the lines of one unit, `-n` the last ones, `--vacuum-size` makes room."""
    options, _ = flags(call.args, ("-u", "-n", "-o", "-p", "-S", "-U", "--unit", "--lines", "--since", "--until", "--output"))
    host = call.ground.host()
    if any(key.startswith("--vacuum") for key in options):
        return _vacuum(call)
    unit = unit_name(options.get("-u") or options.get("--unit") or "")
    entries = [entry for entry in host["journal"] if not unit or unit in (entry[1], "tailscaled")]
    if unit and unit != "tailscaled":
        entries = [entry for entry in entries if entry[1] == unit]
    count = options.get("-n") or options.get("--lines") or "1000"
    if not entries:
        call.out("-- No entries --")
    for entry in entries[-int(count) :] if count.isdigit() else entries:
        call.out(entry[2] if "cat" in (options.get("-o"), options.get("--output")) else journal_line(host, entry))
    return 0


def _vacuum(call: Call) -> int:
    if not call.root:
        return call.fail("Failed to open journal directory: Permission denied")
    old = list((call.ground.fs / "var/log/journal").glob("*.journal"))
    freed = sum(path.stat().st_size for path in old)
    for path in old:
        path.unlink()
    call.err(f"Vacuuming done, freed {freed / 1_000_000_000:.1f}G of archived journals from /var/log/journal.")
    return 0
