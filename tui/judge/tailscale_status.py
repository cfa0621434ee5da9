"""What `tailscale status --json` says, as plain frozen facts, so that nobody else has to know how loosely that JSON is typed.

Fields may be missing, null or of a newer version's making; none of that is an error. Only text that holds no status at all is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

_NEVER: Final = 1
"""The year Go's zero time is in: a time that never was."""


class NotStatus(ValueError):
    """The text holds no status. Callers make it an unknown, never a "nothing there"."""


class Backend(StrEnum):
    """The daemon's state. `UNKNOWN`: a word this program does not know (kept in `Tailnet.backend_word`)."""

    NO_STATE = "NoState"
    IN_USE_OTHER_USER = "InUseOtherUser"
    NEEDS_LOGIN = "NeedsLogin"
    NEEDS_MACHINE_AUTH = "NeedsMachineAuth"
    STOPPED = "Stopped"
    STARTING = "Starting"
    RUNNING = "Running"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of a tailnet.

    `id` is the stable one, to match machines by. `addresses` are its Tailscale addresses, IPv4 first as told. `dns_name` has no dot at
    the end. `key_expiry` is aware (UTC); None means that the key never expires, unless `expiry_unread` holds a time nobody could read.
    `relay` is the code of the DERP region it calls home, `cur_addr` the direct path in use ("" where there is none), `peer_relay` a
    relaying peer. `user` is its owner's login name.
    """

    id: str
    key: str = ""
    hostname: str = ""
    dns_name: str = ""
    addresses: tuple[str, ...] = ()
    online: bool = False
    active: bool = False
    expired: bool = False
    key_expiry: datetime | None = None
    expiry_unread: str = ""
    relay: str = ""
    peer_relay: str = ""
    cur_addr: str = ""
    os: str = ""
    user: str = ""
    tags: tuple[str, ...] = ()
    caps: frozenset[str] = frozenset()
    last_seen: datetime | None = None

    @property
    def ip(self) -> str:
        """Its first IPv4 address, else its first one, else nothing."""
        return next((each for each in self.addresses if ":" not in each), next(iter(self.addresses), ""))

    def key_over(self, now: datetime) -> bool:
        """Whether its key has expired: as told, or by our own reading of the time; the daemon does not always notice."""
        return self.expired or (self.key_expiry is not None and self.key_expiry <= now)


@dataclass(frozen=True, slots=True)
class Tailnet:
    """A machine's view of its tailnet. `me` is the machine itself; `peers` the others by stable id. `users` are login names by number.

    `tun` is None where the version does not tell; False means that programs reach the tailnet through a proxy only.
    """

    backend: Backend
    backend_word: str = ""
    version: str = ""
    tun: bool | None = None
    have_node_key: bool = False
    auth_url: str = ""
    addresses: tuple[str, ...] = ()
    me: Node = field(default_factory=lambda: Node(""))
    peers: Mapping[str, Node] = field(default_factory=dict)
    health: tuple[str, ...] = ()
    name: str = ""
    suffix: str = ""
    magic_dns: bool = False
    users: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The login name this machine belongs to; for a tagged one its tags."""
        return ",".join(self.me.tags) or self.me.user

    @property
    def ip(self) -> str:
        """The machine's first IPv4 address. It is there also when stopped or expired: no proof of a connection."""
        return self.me.ip or next((each for each in self.addresses if ":" not in each), next(iter(self.addresses), ""))


def read_status(text: str) -> Tailnet:
    """The status in `text`, which may have warnings before it and anything after. Raises NotStatus where there is none."""
    raw = find_object(text, "BackendState")
    if raw is None:
        raise NotStatus(f"no status in {text[:80]!r}")
    word = _text(raw.get("BackendState"))
    users = {key: _text(_mapping(value).get("LoginName")) for key, value in _mapping(raw.get("User")).items()}
    tailnet = _mapping(raw.get("CurrentTailnet"))
    peers = [_node(each, users, key) for key, each in _mapping(raw.get("Peer")).items()]
    return Tailnet(
        backend=Backend(word) if word in set(Backend) else Backend.UNKNOWN,
        backend_word=word,
        version=_text(raw.get("Version")),
        tun=raw["TUN"] if isinstance(raw.get("TUN"), bool) else None,
        have_node_key=raw.get("HaveNodeKey") is True,
        auth_url=_text(raw.get("AuthURL")),
        addresses=_texts(raw.get("TailscaleIPs")),
        me=_node(raw.get("Self"), users),
        peers={peer.id: peer for peer in peers},
        health=_texts(raw.get("Health")),
        name=_text(tailnet.get("Name")),
        suffix=_text(tailnet.get("MagicDNSSuffix")) or _text(raw.get("MagicDNSSuffix")),
        magic_dns=tailnet.get("MagicDNSEnabled") is True,
        users=users,
    )


def find_objects(text: str) -> list[dict[str, Any]]:
    """Every JSON object that stands in `text`, one after the other, with anything between them."""
    decoder, found, at = json.JSONDecoder(), list[dict[str, Any]](), text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            # A brace of a warning before the object: the object itself begins a line, so that is where to look next.
            line = text.find("\n{", at)
            at = line + 1 if line >= 0 else -1
            continue
        if isinstance(value, dict):
            found.append(value)
        at = text.find("{", end)
    return found


def find_object(text: str, key: str) -> dict[str, Any] | None:
    """The first JSON object in `text` that has `key`; else the first one; None where there is none."""
    found = find_objects(text)
    return next((each for each in found if key in each), found[0] if found else None)


def _node(raw: Any, users: Mapping[str, str], key: str = "") -> Node:
    """`key` names a peer that has no stable id."""
    facts = _mapping(raw)
    expiry, unread = _expiry(facts.get("KeyExpiry"))
    caps = {*_mapping(facts.get("CapMap")), *_texts(facts.get("Capabilities"))}
    number = facts.get("UserID")
    return Node(
        id=_text(facts.get("ID")) or key,
        key=_text(facts.get("PublicKey")) or key,
        hostname=_text(facts.get("HostName")),
        dns_name=_text(facts.get("DNSName")).rstrip("."),
        addresses=_texts(facts.get("TailscaleIPs")),
        online=facts.get("Online") is True,
        active=facts.get("Active") is True,
        expired=facts.get("Expired") is True,
        key_expiry=expiry,
        expiry_unread=unread,
        relay=_text(facts.get("Relay")),
        peer_relay=_text(facts.get("PeerRelay")),
        cur_addr=_text(facts.get("CurAddr")),
        os=_text(facts.get("OS")),
        user=users.get(str(number), "") if isinstance(number, int | str) else "",
        tags=_texts(facts.get("Tags")),
        caps=frozenset(caps),
        last_seen=_time(facts.get("LastSeen")),
    )


def _expiry(value: Any) -> tuple[datetime | None, str]:
    """The time, and the words where they are no time: those must never read as "never expires"."""
    if value is None or value == "":
        return None, ""
    when = _time(value)
    zero = isinstance(value, str) and value.startswith("0001-01-01T00:00:00")
    return when, "" if when is not None or zero else str(value)[:80]


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if when.year == _NEVER else when


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
