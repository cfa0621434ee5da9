"""What a written path or script means inside the world: system folders are the world's own, and so is the network.

Stand-ins translate their own arguments. A shell's builtins (`[ -c /dev/net/tun ]`, `</etc/resolv.conf`, `/dev/udp/…`) ask nobody, so the
text of a script is translated before bash reads it. What a script hands on as a quoted here-document stays as written.
"""

from __future__ import annotations

import re

from tui.practice.tools.ground import Ground

_SHARED = ("/var/tmp", "/dev/shm")  # noqa: S108  only compared
_SYSTEM = re.compile(
    r"(?P<to>(?:<>|>{1,2}\|?)\s*[\"']?)?(?<![\w./~})-])"
    r"(?P<path>/(?:var/tmp|dev/shm|etc|var|dev/net|usr/share/keyrings|usr/local|usr/sbin|usr/bin/tailscaled?|sbin|snap|lib/systemd|run|root"
    r"|opt|srv|proc/sys/net|proc/net|sys/class/dmi))(?=[/\s'\";|&)}\]:,<>`]|$)"
)
_WORD = r"[^/\s\"'`;|&()<>]+"
_SOCKET = re.compile(rf"/dev/(tcp|udp)/(?!127\.0\.0\.1/\$\(practice_port )({_WORD})/(\$\{{?\w+\}}?|\d+)")
_QUOTED = re.compile(r"(<<-?'(?P<end>\w+)'[^\n]*\n.*?^(?P=end)$)", re.MULTILINE | re.DOTALL)
_LOOK_UP = (
    'practice_port() { local p=; { IFS= read -r p <"%s/$1/$2/$3" || IFS= read -r p <"%s/$1/other"; } 2>/dev/null; '
    'if [[ $p == silent ]]; then sleep 20; fi; echo "${p:-1}"; }; '
)
"""The port of this computer that stands for an address of the world; where the file says `silent`, a connection hangs."""


def place(written: str, ground: Ground, *, writes: bool = True) -> str:
    """The places in the world that the system's paths in `written` stand for; the rest unchanged.

    Without `writes`, what the shell would write to is left alone: the real folder, where an ordinary user may not write. Where everybody
    may write is the host's own temporary folder.
    """
    root = str(ground.root)

    def found(match: re.Match[str]) -> str:
        to, path = match["to"] or "", match["path"]
        if written.startswith(root, match.start("path")):
            return match[0]
        if path in _SHARED:
            return f"{to}{ground.temporary}"
        return match[0] if to and not writes else f"{to}{ground.fs}{path}"

    return _SYSTEM.sub(found, written)


def unplace(written: str, ground: Ground) -> str:
    """The system's own path again, for a tool whose user may not touch the world's."""
    return written.replace(f"{ground.fs}/", "/")


def script(text: str, ground: Ground, *, root: bool) -> str:
    """A script as bash has to read it in the world: on the same lines, with its paths, its network and its user id."""
    parts = _QUOTED.split(text)  # what stands between, then the document and the word that ends it, in turns
    parts[::3] = [_translated(part, ground, root=root) for part in parts[::3]]
    del parts[2::3]
    whole = "".join(parts)
    if "practice_port " in whole and "practice_port()" not in whole:
        return _LOOK_UP % (ground.net, ground.net) + whole
    return whole


def _translated(text: str, ground: Ground, *, root: bool) -> str:
    text = _SOCKET.sub(r"/dev/\1/127.0.0.1/$(practice_port \1 \2 \3)", text)
    return place(re.sub(r"\bE?UID\b", "PRACTICE_UID", text), ground, writes=root)
