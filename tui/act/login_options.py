"""The options of `tailscale.login`, read and judged before anything is touched. Every wrong one is named with the nearest right word."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tui.act.network_look import check_names
from tui.errors import UsageError
from tui.guide.model import ActionSpec
from tui.judge.tailnet import Prefs, Tailnet
from tui.run.values import expand
from tui.texts import Text, same

_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted.

    `flags` are the settings to log in with, as `tailscale up` names them. `auth_key` is the name of the secret input that holds one.
    `account` and `tailnet` are those expected; `over` allows what may cut the connection it runs over; `prefix` begins the names of
    the values learned (`ts` gives ts_ip …). `seconds` is how long a person has.
    """

    flags: Mapping[str, str] = field(default_factory=dict)
    auth_key: str = ""
    account: str = ""
    tailnet: str = ""
    over: bool = False
    prefix: str = "ts"
    seconds: float = _SECONDS


def _matching(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


_LABEL: Final = r"(?i:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)"
_TRUE: Final = _matching("true|false")
_SETTINGS: Final[Mapping[str, Callable[[str], bool]]] = {
    "login_server": _matching(r"https?://[\w.\[\]:-]+(/[\w./-]*)?"),
    "hostname": _matching(_LABEL),
    "accept_dns": _TRUE,
    "accept_routes": _TRUE,
    "ssh": _TRUE,
    "netfilter_mode": _matching("on|nodivert|off"),
    "operator": _matching(r"[\w.-]+"),
    "tags": _matching(r"tag:[\w-]+(,tag:[\w-]+)*"),
}
_FLAGS: Final = {name: name.replace("_", "-") for name in _SETTINGS} | {"tags": "advertise-tags"}
_OTHERS: Final = {
    "auth_key": _matching(r"[A-Za-z_]\w*"),
    "account": _matching(r"\S+"),
    "tailnet": _matching(r"\S+"),
    "same_as": _matching(r"[A-Za-z]\w*"),
    "over_tailscale": _matching("allow|refuse"),
    "prefix": _matching(r"[A-Za-z]\w*"),
}
KNOWN: Final = {**_SETTINGS, **_OTHERS}
"""What a value of each option must be."""


def read_options(spec: ActionSpec, values: Mapping[str, str]) -> Options:
    """The options as written, with the run's values put in; one whose value is not known yet counts as not given. Raises UsageError."""
    check_names(spec)
    given = {name: _words(expand(value, values)) for name, value in spec.options.items()}
    if "auth_key" in given:  # it names a secret, which is never a value to put in
        given["auth_key"] = str(spec.options["auth_key"] or "").strip("${} ")
    for name, value in given.items():
        if value and not KNOWN[name](value):
            text = Text("第 {line} 行：“{value}”不能做 {name} 的值", "line {line}: “{value}” is no value for {name}")
            raise UsageError(text.fill(line=spec.line, value=value, name=name))
    other = given.get("same_as", "")
    return Options(
        flags={_FLAGS[name]: value for name, value in given.items() if name in _FLAGS and value},
        auth_key=given.get("auth_key", ""),
        account=given.get("account", "") or values.get(f"{other}_account", ""),
        tailnet=given.get("tailnet", "") or values.get(f"{other}_tailnet", ""),
        over=given.get("over_tailscale") == "allow",
        prefix=given.get("prefix", "") or "ts",
        seconds=spec.timeout or _SECONDS,
    )


def differing_from(options: Options, there: Prefs, tailnet: Tailnet | None) -> dict[str, str]:
    """The settings asked for that the machine does not have."""
    have = there.settings()
    tags = tailnet.me.tags if tailnet else ()  # some come with the auth key and stand in no setting
    have["advertise-tags"] = have["advertise-tags"] or ",".join(tags)
    return {name: value for name, value in options.flags.items() if _plain(name, value) != _plain(name, have.get(name, ""))}


def _plain(name: str, value: str) -> str:
    """A setting in the one way to write it that can be compared."""
    if name == "login-server":
        return Prefs(control_url=value).settings()[name].rstrip("/")
    return ",".join(sorted(value.split(","))) if name == "advertise-tags" else value


def mismatch(options: Options, tailnet: Tailnet, command: str) -> Text | None:
    """Why this is not the account or tailnet expected; None if it is. A tagged machine has no account, so its tailnet tells.

    `command` is `tailscale` as it is called there.
    """
    account = "" if tailnet.me.tags or options.account.startswith("tag:") else tailnet.account
    pairs = ((Text("账号", "account"), account, options.account), (same("tailnet"), tailnet.name, options.tailnet))
    text = Text(
        "登录的{what}是 {have}，不是要的 {want}，两边会互相看不见：运行 {command} logout，再用 {want} 登录",
        "logged in to {what} {have} instead of {want}; the machines would not see each other: run {command} logout, then log in with "
        "{want}",
    )
    wrong = ((what, have, want) for what, have, want in pairs if have and want and have.lower() != want.lower())
    return next((text.fill(what=what, have=have, want=want, command=command) for what, have, want in wrong), None)


def _words(value: Any) -> str:
    """A YAML value as the flag's word. `$NAME` that no value is known for is nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_words(each) for each in value)
    text = "" if value is None else str(value).strip()
    return "" if re.fullmatch(r"\$(\w+|\{\w+\})", text) else text
