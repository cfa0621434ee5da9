"""`systemctl` of the world, and what happens when `tailscaled` starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from tui.practice.tools.call import Call, flags
from tui.practice.tools.ground import Ground, HostState, journal
from tui.practice.tools.journal import journal_line, unit_name

OTHERS = {
    "ssh": "OpenBSD Secure Shell server",
    "systemd-resolved": "Network Name Resolution",
    "unattended-upgrades": "Unattended Upgrades Shutdown",
}
_TUN_ERROR = 'tstun.New("tailscale0"): CreateTUN("tailscale0") failed; /dev/net/tun does not exist'
_WITH_VALUE = ("-p", "-n", "-o", "-t", "--property", "--lines", "--output", "--type", "--state")


class Ask(NamedTuple):
    """One verb about one unit."""

    call: Call
    unit: str
    verb: str
    options: dict[str, str]


def systemctl(call: Call) -> int:
    """Answer for `tailscaled` and a few services every server has."""
    options, words = flags(_all_properties(call.args), _WITH_VALUE)
    verb, units = (words[0], words[1:]) if words else ("list-units", [])
    if verb in ("daemon-reload", "reset-failed", "list-units", "daemon-reexec"):
        return 0
    if verb == "is-system-running":
        call.out("running")
        return 0
    if not units:
        return call.fail("Too few arguments.")
    action = _VERBS.get(verb)
    if action is None:
        return call.fail(f"Unknown command verb '{verb}'.")
    if verb in _WRITES and not call.root:
        call.err(f"Failed to {verb} {unit_name(units[0])}.service: Interactive authentication required.")
        return call.fail(f"See system logs and 'systemctl status {unit_name(units[0])}.service' for details.")
    return max([action(Ask(call, unit_name(unit), verb, options)) for unit in units])


def _all_properties(args: list[str]) -> list[str]:
    """Several `-p A -p B` as one `-p A,B`: each may be given more than once."""
    names: list[str] = []
    rest: list[str] = []
    words = list(args)
    while words:
        word = words.pop(0)
        if word in ("-p", "--property") and words:
            names.append(words.pop(0))
        elif word.startswith("--property="):
            names.append(word[11:])
        elif word == "--":
            rest += [word, *words]
            break
        else:
            rest.append(word)
    return ["-p", ",".join(names), *rest] if names else rest


def facts(host: HostState, unit: str) -> dict[str, str] | None:
    """The unit's properties as `systemctl show` names them; None when there is no such unit."""
    if unit in OTHERS:
        active = "inactive" if unit == "unattended-upgrades" and not host["lock_looks"] else "active"
        about, enabled = OTHERS[unit], True
    elif unit == "tailscaled" and host["installed"]:
        active, about, enabled = host["service"], "Tailscale node agent", host["enabled"]
    else:
        return None
    sub = {"active": "running", "inactive": "dead", "failed": "failed"}[active]
    return {
        "Id": f"{unit}.service",
        "Names": f"{unit}.service",
        "Description": about,
        "LoadState": "loaded",
        "ActiveState": active,
        "SubState": sub,
        "UnitFileState": "enabled" if enabled else "disabled",
        "MainPID": "2218" if active == "active" else "0",
        "Result": "exit-code" if active == "failed" else "success",
        "FragmentPath": f"/usr/lib/systemd/system/{unit}.service",
    }


def _is_active(ask: Ask) -> int:
    call, unit, verb, options = ask
    known = facts(call.ground.host(), unit)
    state = known["ActiveState"] if known else "inactive"
    good = state == "active" if verb == "is-active" else state == "failed"
    if "--quiet" not in options and "-q" not in options:
        call.out(state)
    return 0 if good else (4 if known is None and verb == "is-active" else 3 if verb == "is-active" else 1)


def _is_enabled(ask: Ask) -> int:
    call, unit, _, options = ask
    known = facts(call.ground.host(), unit)
    if "--quiet" not in options and "-q" not in options:
        call.out(known["UnitFileState"] if known else "not-found")
    return 0 if known and known["UnitFileState"] == "enabled" else (4 if known is None else 1)


def _enable(ask: Ask) -> int:
    call, unit, verb, options = ask
    with call.ground.change() as host:
        known = facts(host, unit)
        if known is None:
            return call.fail(f"Failed to {verb} unit: Unit file {unit}.service does not exist.")
        fresh = unit == "tailscaled" and host["enabled"] != (verb == "enable")
        if fresh:
            host["enabled"] = verb == "enable"
    link = f"/etc/systemd/system/multi-user.target.wants/{unit}.service"
    if fresh:
        target = f"/usr/lib/systemd/system/{unit}.service"
        call.err(f"Created symlink {link} → {target}." if verb == "enable" else f'Removed "{link}".')
    if "--now" in options:
        return _start(ask._replace(verb="start" if verb == "enable" else "stop"))
    return 0


def _start(ask: Ask) -> int:
    call, unit, verb, _ = ask
    if facts(call.ground.host(), unit) is None:
        return call.fail(f"Failed to {verb} {unit}.service: Unit {unit}.service {'not loaded' if verb == 'stop' else 'not found'}.", 5)
    if unit == "unattended-upgrades" and verb == "stop":
        with call.ground.change() as host:
            host["lock_looks"] = 0
    if unit != "tailscaled":
        return 0
    if verb == "stop":
        stop_tailscaled(call.ground)
        return 0
    if verb == "start" and call.ground.host()["service"] == "active":
        return 0
    if start_tailscaled(call.ground):
        return 0
    call.err("Job for tailscaled.service failed because the control process exited with error code.")
    return call.fail('See "systemctl status tailscaled.service" and "journalctl -xeu tailscaled.service" for details.')


def start_tailscaled(ground: Ground) -> bool:
    """Start the daemon, with the journal it would write. False when it failed."""
    userspace = _wants_userspace(ground)
    device = (ground.fs / "dev/net/tun").exists()
    with ground.change() as host:
        journal(host, "systemd", "Starting tailscaled.service - Tailscale node agent...")
        journal(host, "tailscaled", f"Program starting: v{host['version']}, Go 1.26.6")
        tun = "userspace-networking" if userspace else "tailscale0"
        journal(host, "tailscaled", f'wgengine.NewUserspaceEngine(tun "{tun}") ...')
        if not (userspace or device):
            _fail_for_tun(host)
            return False
        host.update(service="active", service_since=time.time(), userspace=userspace, dropped=0)
        journal(host, "tailscaled", "Engine created.")
        journal(host, "systemd", "Started tailscaled.service - Tailscale node agent.")
        if host["have_key"] and host["prefs"]["WantRunning"] and not host["expired"]:
            host["backend"] = "Running"
        return True


def _wants_userspace(ground: Ground) -> bool:
    try:
        lines = (ground.fs / "etc/default/tailscaled").read_text("utf-8").splitlines()
    except OSError:
        return False
    return any(line.startswith("FLAGS=") and "--tun=userspace-networking" in line for line in lines)


def _fail_for_tun(host: HostState) -> None:
    host["service"] = "failed"
    kernel = "/lib/modules/6.8.0-85-generic"
    for line in (
        "Linux kernel version: 6.8.0-85-generic",
        f"is CONFIG_TUN enabled in your kernel? `modprobe tun` failed with: modprobe: FATAL: Module tun not found in directory {kernel}",
        f'wgengine.NewUserspaceEngine(tun "tailscale0") error: {_TUN_ERROR}',
        "flushing log.",
        "logger closing down",
        f"getLocalBackend error: createEngine: {_TUN_ERROR}",
    ):
        journal(host, "tailscaled", line)
    for line in (
        "tailscaled.service: Main process exited, code=exited, status=1/FAILURE",
        "tailscaled.service: Failed with result 'exit-code'.",
        "Failed to start tailscaled.service - Tailscale node agent.",
    ):
        journal(host, "systemd", line)


def stop_tailscaled(ground: Ground) -> None:
    """Stop the daemon; its state is kept."""
    with ground.change() as host:
        host["service"] = "inactive"
        host["auth_url"] = ""
        journal(host, "systemd", "Stopped tailscaled.service - Tailscale node agent.")


def _show(ask: Ask) -> int:
    call, unit, _, options = ask
    known = facts(call.ground.host(), unit) or {
        "Id": f"{unit}.service",
        "LoadState": "not-found",
        "ActiveState": "inactive",
        "SubState": "dead",
        "UnitFileState": "",
    }
    wanted = options.get("-p", "")
    for name in wanted.split(",") if wanted else known:
        value = known.get(name, "")
        call.out(value if "--value" in options else f"{name}={value}")
    return 0


def _status(ask: Ask) -> int:
    call, unit, _, _ = ask
    host = call.ground.host()
    known = facts(host, unit)
    if known is None:
        return call.fail(f"Unit {unit}.service could not be found.", 4)
    state = known["ActiveState"]
    dot = {"active": "●", "failed": "×"}.get(state, "○")
    call.out(f"{dot} {unit}.service - {known['Description']}")
    call.out(f"     Loaded: loaded ({known['FragmentPath']}; {known['UnitFileState']}; preset: enabled)")
    since = time.strftime("%a %Y-%m-%d %H:%M:%S %Z", time.localtime(host["service_since"] or time.time()))
    reason = "Result: exit-code" if state == "failed" else known["SubState"]
    call.out(f"     Active: {state} ({reason})" + (f" since {since}" if state != "inactive" else ""))
    if state == "active":
        call.out(f"   Main PID: {known['MainPID']} ({unit})")
    if unit == "tailscaled" and host["journal"]:
        call.out("")
        for entry in host["journal"][-10:]:
            call.out(journal_line(host, entry))
    return 0 if state == "active" else 3


def _cat(ask: Ask) -> int:
    call, unit, _, _ = ask
    known = facts(call.ground.host(), unit)
    if known is None:
        return call.fail(f"No files found for {unit}.service.")
    call.out(f"# {known['FragmentPath']}\n[Unit]\nDescription={known['Description']}\n\n[Install]\nWantedBy=multi-user.target")
    return 0


_VERBS: dict[str, Callable[[Ask], int]] = {
    "is-active": _is_active,
    "is-failed": _is_active,
    "is-enabled": _is_enabled,
    "enable": _enable,
    "disable": _enable,
    "start": _start,
    "stop": _start,
    "restart": _start,
    "reload": _start,
    "reload-or-restart": _start,
    "try-restart": _start,
    "show": _show,
    "status": _status,
    "cat": _cat,
}
_WRITES = ("enable", "disable", "start", "stop", "restart", "reload", "reload-or-restart", "try-restart")
