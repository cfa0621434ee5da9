"""Addresses in, places out: one line for each kind of target.

A kind is told by its scheme; an address without one is a place SSH can reach, as everywhere else. Modules are imported when a target of
their kind is made, because an SSH library takes longer to load than the reader takes to show a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.errors import UsageError
from tui.target.base import Target
from tui.texts import Text

FORMS = Text(
    "local（本机）、ssh://用户@主机[:端口]、用户@主机[:端口]、~/.ssh/config 里的主机名、aliyun://地域/实例ID（云助手）",
    "local (this computer), ssh://user@host[:port], user@host[:port], a host of ~/.ssh/config, aliyun://region/instance-id",
)


def _local(name: str, address: str) -> Target:
    from tui.target.local import LocalTarget

    return LocalTarget(name, address)


def _ssh(name: str, address: str) -> Target:
    from tui.target.ssh import SshTarget

    return SshTarget(name, address)


def _aliyun(name: str, address: str) -> Target:
    from tui.target.aliyun import AliyunTarget

    return AliyunTarget(name, address)


def _replay(name: str, address: str) -> Target:
    from tui.target.replay import ReplayTarget

    return ReplayTarget(name, address)


KINDS: Mapping[str, Callable[[str, str], Target]] = {
    "local": _local,
    "ssh": _ssh,
    "aliyun": _aliyun,
    "replay": _replay,
}


def make(name: str, address: str) -> Target:
    """The target the guide calls `name`, at the user's `address`; nothing is connected yet. Raises `UsageError`."""
    words = address.strip()
    scheme, separator, _ = words.partition("://")
    kind = scheme.lower() if separator else "local" if words == "local" else "ssh"
    if kind not in KINDS or not words:
        raise UsageError(
            Text("不认识的目标地址 {address}。可以写：{forms}。", "The target address {address} is not known. Use one of: {forms}.").fill(
                address=repr(address), forms=FORMS
            )
        )
    return KINDS[kind](name, words)
