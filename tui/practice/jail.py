"""Keeps whatever runs in the practice world from writing outside it, and from connecting to anything.

The stand-ins cover what a guide asks for; this covers what a document of a stranger might do besides. Linux has Landlock for it (no
rights needed, inherited by every child, impossible to take off), macOS has `sandbox-exec`. Run as a program of its own between
the server and the shell, because such a limit, once set, holds for the process that set it as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import signal
import struct
import sys

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_NETWORK, _CONNECT = 0b11, 0b10
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/pts")
_NO_NEW_PRIVS = 38
PORTS = "ports"
"""The file in a world's folder that names its ports, one a line."""


def _writes(version: int) -> int:
    """Landlock's rights that change files: write, remove, make anything, and since later versions link and truncate."""
    rights = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
    if version >= 2:
        rights |= 1 << 13
    if version >= 3:
        rights |= _TRUNCATE
    return rights


def version() -> int:
    """The kernel's Landlock version, 0 without one."""
    if not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "aarch64", "riscv64"):
        return 0
    number: int = ctypes.CDLL(None).syscall(_CREATE, None, 0, 1)
    return max(number, 0)


def available() -> bool:
    """Whether this computer can confine the world."""
    return version() > 0 or (sys.platform == "darwin" and shutil.which("sandbox-exec") is not None)


def confine(root: str) -> None:
    """Let this process and its children write below `root` only and connect to the world's ports. OSError when the kernel says no."""
    number = version()
    if not number:
        raise OSError("no Landlock")
    libc = ctypes.CDLL(None, use_errno=True)
    writes = _writes(number)
    rules = struct.pack("QQ", writes, _NETWORK) if number >= 4 else struct.pack("Q", writes)
    ruleset = _checked(libc.syscall(_CREATE, rules, len(rules), 0))
    _allow(libc, ruleset, root, writes)
    for device in _DEVICES:
        if os.path.exists(device):  # noqa: PTH110  start-up time
            folder = os.path.isdir(device)  # noqa: PTH112
            _allow(libc, ruleset, device, writes & (_WRITE_FILE | (0 if folder else _TRUNCATE)))
    for port in ports(root) if number >= 4 else ():
        _checked(libc.syscall(_ADD, ruleset, 2, struct.pack("QQ", _CONNECT, port), 0))
    _checked(libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(libc.syscall(_RESTRICT, ruleset, 0))
    os.close(ruleset)


def ports(root: str) -> list[int]:
    """The ports of this computer that stand for the world's own network; the world writes them down before anything runs in it."""
    try:
        with open(os.path.join(root, PORTS), encoding="ascii") as file:  # noqa: PTH118,PTH123  start-up time
            return [int(line) for line in file]
    except FileNotFoundError:
        return []


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    _checked(libc.syscall(_ADD, ruleset, 1, struct.pack("=Qi", rights, place), 0))
    os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _profile(root: str) -> str:
    """The same limits in the language of macOS."""
    devices = " ".join(f'(literal "{device}")' for device in ("/dev/null", "/dev/zero", "/dev/tty", "/dev/ptmx"))
    allowed = f'(allow file-write* (subpath "{root}") {devices} (regex #"^/dev/ttys[0-9]+$"))'
    reached = " ".join(f'(remote ip "localhost:{port}")' for port in ports(root))
    network = f"(deny network*)(allow network-outbound {reached})" if reached else "(deny network*)"
    return f"(version 1)(allow default)(deny file-write*){allowed}{network}"


def main() -> None:
    """`jail.py ROOT tty|pipe confined|open PROGRAM ARGS…`: take the terminal, close the door, become the program."""
    root, terminal, door, program, *args = sys.argv[1:]
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    if terminal == "tty":
        import fcntl
        import termios

        with contextlib.suppress(OSError):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    words = [os.path.basename(program), *args]  # noqa: PTH119
    if door == "confined" and sys.platform == "darwin":
        os.execv("/usr/bin/sandbox-exec", ["sandbox-exec", "-p", _profile(root), program, *args])  # noqa: S606
    if door == "confined":
        confine(root)
    os.execv(program, words)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main()
