"""`tailscale up`, `login`, `set`, `logout`: the login and the settings, with the real command's strictness about flags."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tui.practice.tools.call import Call
from tui.practice.tools.ground import DEFAULT_PREFS, HostState, log_in, new_auth_url, wait_for

_MODES = ("off", "nodivert", "on")
_SETTINGS: dict[str, str] = {
    "accept-dns": "CorpDNS",
    "accept-routes": "RouteAll",
    "ssh": "RunSSH",
    "shields-up": "ShieldsUp",
    "hostname": "Hostname",
    "login-server": "ControlURL",
    "operator": "OperatorUser",
    "netfilter-mode": "NetfilterMode",
    "advertise-tags": "AdvertiseTags",
    "stateful-filtering": "NoStatefulFiltering",
    "snat-subnet-routes": "NoSNAT",
}
_NEGATED = ("NoStatefulFiltering", "NoSNAT")
_BOOLEAN = ("accept-dns", "accept-routes", "ssh", "shields-up", "stateful-filtering", "snat-subnet-routes")
_PASSING_BOOLEAN = ("json", "reset", "force-reauth", "qr")
_PASSING_VALUE = ("timeout", "auth-key", "accept-risk", "qr-format", "nickname")
_ONLY_UP = ("login-server", "advertise-tags", "json", "reset", "force-reauth", "qr", "qr-format", "timeout", "auth-key")
TIMED_OUT = 'timeout waiting for Tailscale service to enter a Running state; check health with "tailscale status"'
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class BadFlags(Exception):
    """Words the command does not accept; `code` is its exit code."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code


def read_flags(args: list[str], command: str) -> dict[str, str]:
    """Flags by name without dashes, one dash or two, `--x=y` or `--x y`; a boolean without a value is `true`."""
    found: dict[str, str] = {}
    words = list(args)
    while words and words[0].startswith("-"):
        name, equals, value = words.pop(0).lstrip("-").partition("=")
        name = "auth-key" if name == "authkey" else name
        boolean = name in _BOOLEAN or name in _PASSING_BOOLEAN
        known = boolean or name in _SETTINGS or name in _PASSING_VALUE
        wrong = (command == "set" and name in _ONLY_UP) or (command == "login" and name in ("json", "reset", "force-reauth"))
        if not known or wrong or (command == "up" and name == "nickname"):
            usage = f"\n\nUSAGE\n  tailscale {command} [flags]"
            raise BadFlags(f"flag provided but not defined: -{name}{usage}", 2)
        if not equals and not boolean:
            if not words:
                raise BadFlags(f"flag needs an argument: -{name}", 2)
            value = words.pop(0)
        found[name] = value if equals or not boolean else "true"
    if words:
        raise BadFlags(f"too many non-flag arguments: {json.dumps(words)}")
    return found


def seconds(written: str) -> float | None:
    """A Go duration such as `1m30s`; None for `0s`, which means for ever."""
    parts = re.findall(r"([\d.]+)(ms|h|m|s)", written)
    if written != "0" and "".join(number + unit for number, unit in parts) != written:
        raise BadFlags(f'invalid value "{written}" for flag -timeout: parse error', 2)
    return sum(float(number) * _UNITS[unit] for number, unit in parts) or None


def _pref(name: str, value: str) -> Any:
    key = _SETTINGS[name]
    if name == "netfilter-mode":
        if value not in _MODES:
            raise BadFlags(f'invalid value --netfilter-mode="{value}"')
        return _MODES.index(value)
    if name in _BOOLEAN:
        return (value == "true") != (key in _NEGATED)
    if name == "advertise-tags":
        tags = [tag for tag in value.split(",") if tag]
        for tag in tags:
            if not tag.startswith("tag:"):
                raise BadFlags(f"tag: {json.dumps(tag)}: tags must start with 'tag:'")
        return tags or None
    return value


def _written(name: str, prefs: dict[str, Any]) -> str:
    value = prefs[_SETTINGS[name]]
    if name == "netfilter-mode":
        return f"--{name}={_MODES[value]}"
    if name in _BOOLEAN:
        said = value != (_SETTINGS[name] in _NEGATED)
        return f"--{name}" if said else f"--{name}=false"
    return f"--{name}={','.join(value) if isinstance(value, list) else value}"


def _may_change(call: Call, command: str) -> bool:
    host = call.ground.host()
    if call.root or host["prefs"]["OperatorUser"] == host["user"]:
        return True
    call.err(f"Access denied: checkprefs access denied\n\nUse 'sudo tailscale {' '.join([command, *call.args])}'.")
    call.err("To not require root, use 'sudo tailscale set --operator=$USER' once.")
    return False


def up(call: Call) -> int:
    """Connect; ask for a login where there is none, and wait for it."""
    try:
        given = read_flags(call.args, "up")
        limit = seconds(given.get("timeout", "0s"))
        wanted = {_SETTINGS[name]: _pref(name, value) for name, value in given.items() if name in _SETTINGS}
        if not _may_change(call, "up"):
            return 1
        _forbid_silent_changes(call.ground.host(), given, wanted)
        key = _auth_key(given.get("auth-key", ""))
    except BadFlags as bad:
        return call.fail(str(bad), bad.code)
    return _connect(call, given, wanted, limit, key)


def _forbid_silent_changes(host: HostState, given: dict[str, str], wanted: dict[str, Any]) -> None:
    prefs = host["prefs"]
    settings = [name for name in given if name in _SETTINGS]
    if host["have_key"] and prefs["ControlURL"] != wanted.get("ControlURL", prefs["ControlURL"]) and "force-reauth" not in given:
        raise BadFlags("can't change --login-server without --force-reauth")
    if "reset" in given or not host["been_up"] or not settings:
        return
    missing = [name for name in sorted(_SETTINGS) if name not in given and prefs[_SETTINGS[name]] != DEFAULT_PREFS[_SETTINGS[name]]]
    if not missing:
        return
    said = [f"--{name}" if value == "true" else f"--{name}={value}" for name, value in sorted(given.items())]
    command = " ".join([*said, *(_written(name, prefs) for name in missing)])
    raise BadFlags(
        "Error: changing settings via 'tailscale up' requires mentioning all\n"
        "non-default flags. To proceed, either re-run your command with --reset or\n"
        "use the command below to explicitly mention the current value of\n"
        f"all non-default settings:\n\n\ttailscale up {command}\n"
    )


def _auth_key(written: str) -> str:
    if not written.startswith("file:"):
        return written
    try:
        return Path(written[5:]).read_text("utf-8").strip()
    except OSError as error:
        raise BadFlags(f"open {written[5:]}: {(error.strerror or '').lower()}") from error


def _connect(call: Call, given: dict[str, str], wanted: dict[str, Any], limit: float | None, key: str) -> int:
    with call.ground.change() as host:
        reset = dict(DEFAULT_PREFS) if "reset" in given else {}
        host["prefs"].update({**reset, **wanted, "WantRunning": True, "LoggedOut": False})
        host["been_up"] = True
        needs_login = not host["have_key"] or host["expired"] or "force-reauth" in given
        if not needs_login:
            host["backend"] = "Running"
        mode = host["prefs"]["NetfilterMode"]
        if needs_login and key.startswith("tskey-auth-"):
            log_in(host)
            needs_login = False
        elif needs_login and not key and call.ground.resolves():
            host.update(backend="NeedsLogin", have_key=host["expired"])
            url = new_auth_url(host) if given or not host["auth_url"] else host["auth_url"]
        else:
            url = ""
    _warn(call, wanted, mode)
    if not needs_login:
        return 0
    if key:
        return call.fail("backend error: invalid key: API key does not exist")
    if url:
        _tell(call, url, as_json="json" in given)
    if not wait_for(call.ground, lambda host: bool(host["backend"] == "Running"), limit):
        return call.fail(TIMED_OUT)
    if "json" in given:
        call.out(json.dumps({"BackendState": "Running"}, indent=2))
    else:
        call.err("Success.")
    return 0


def _tell(call: Call, url: str, *, as_json: bool) -> None:
    if as_json:
        call.out(json.dumps({"AuthURL": url, "BackendState": "NeedsLogin"}, indent="\t"))
    else:
        call.err(f"\nTo authenticate, visit:\n\n\t{url}\n")


def _warn(call: Call, wanted: dict[str, Any], mode: int) -> None:
    if "NetfilterMode" not in wanted or mode == 2:
        return
    advice = "add iptables calls to ts-* chains manually." if mode == 1 else "configure iptables yourself."
    call.out(f"Warning: netfilter={_MODES[mode]}; {advice}")


def login(call: Call) -> int:
    """Log in anew, with settings as they come."""
    try:
        given = read_flags(call.args, "login")
        limit = seconds(given.get("timeout", "0s"))
        wanted = {_SETTINGS[name]: _pref(name, value) for name, value in given.items() if name in _SETTINGS}
        key = _auth_key(given.get("auth-key", ""))
    except BadFlags as bad:
        return call.fail(str(bad), bad.code)
    if not _may_change(call, "login"):
        return 1
    return _connect(call, {**given, "force-reauth": "true", "reset": "true"}, wanted, limit, key)


def set_prefs(call: Call) -> int:
    """Change only what is mentioned."""
    try:
        given = read_flags(call.args, "set")
        wanted = {_SETTINGS[name]: _pref(name, value) for name, value in given.items() if name in _SETTINGS}
    except BadFlags as bad:
        return call.fail(str(bad), bad.code)
    if not given:
        call.err("Change specified preferences\n\nUSAGE\n  tailscale set [flags]")
        return 0
    if not _may_change(call, "set"):
        return 1
    with call.ground.change() as host:
        if wanted.get("NetfilterMode", mode := host["prefs"]["NetfilterMode"]) != mode:
            host["dropped"] = 0  # rules made anew count anew
        host["prefs"].update(wanted)
        mode = host["prefs"]["NetfilterMode"]
    _warn(call, wanted, mode)
    return 0


def logout(call: Call) -> int:
    """Forget the login."""
    if not _may_change(call, "logout"):
        return 1
    with call.ground.change() as host:
        host.update(backend="NeedsLogin", have_key=False, auth_url="")
        host["prefs"].update(WantRunning=False, LoggedOut=True)
    return 0
