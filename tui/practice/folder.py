"""The throw-away folder a practice world lives in: made, furnished, emptied of processes, removed; also after an earlier crash."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from tui.errors import Unusable
from tui.practice.tools.ground import BIG_FILES, FULL_SIZE, Ground, make_device, new_host, place_tailscale
from tui.practice.tools.main import stand_ins
from tui.texts import Text

MARK = "PRACTICE_WORLD"
"""The variable that every process of a world carries; its value is the world's folder."""

_PREFIX = "zhinan-practice-"
_HARMLESS = (
    "awk basename base64 bash bc bzip2 cat chgrp chmod chown cksum clear cmp comm cp cut date dash dd diff dirname du echo egrep env "
    "expand expr false fgrep find flock fmt fold gawk grep groups gunzip gzip head install join kill less ln locale logname ls mawk "
    "md5sum mkdir mkfifo mktemp more mv nice nl nohup nproc numfmt od paste pathchk perl pgrep pr printenv printf ps pwd python3 readlink "
    "realpath rm rmdir script sed seq setsid sh sha1sum sha256sum sha512sum shasum shuf sleep sort split stat stdbuf stty sum sync tac "
    "tail tar tee test timeout touch tput tr true truncate tsort tty uniq unxz uptime wc which xargs xxd xz yes zcat zstd"
)
_PLAIN = re.compile(r"[\w./+-]+")
_ROUTES = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	FD0010AC	0003	0	0	100	00000000	0	0	0
eth0	000010AC	00000000	0001	0	0	100	00F0FFFF	0	0	0
"""
_OS_RELEASE = """PRETTY_NAME="Ubuntu 24.04.3 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.3 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
"""
_EMPTY = (
    "etc/sysctl.d", "etc/systemd/system", "run/systemd/system", "usr/local/bin", "usr/local/sbin", "usr/sbin", "var/cache/apt/archives",
    "var/lib", "var/log/journal",
)  # fmt: skip
_ALIBABA = {
    "sys/class/dmi/id/sys_vendor": "Alibaba Cloud\n",
    "sys/class/dmi/id/product_name": "Alibaba Cloud ECS\n",
    "run/cloud-init/cloud-id": "aliyun\n",
}
_SHIM = """#!/bin/sh
exec {python} -I -S -c 'import sys; sys.path.insert(0, sys.argv.pop(1)); from tui.practice.tools.main import main; main()' \\
  {source} {root} {host} {name} "$@"
"""


class Folder:
    """A fresh world folder, 0700, held by a lock for as long as this process lives. Raises `Unusable` where none can be made."""

    def __init__(self) -> None:
        sweep()
        try:
            self.root, self._lock = _claim()
        except OSError as error:
            text = Text("没法建练习用的临时文件夹：{why}", "can't make the practice world's temporary folder: {why}")
            raise Unusable(text.fill(why=error.strerror or error)) from error
        if os.statvfs(self.root).f_flag & getattr(os, "ST_NOEXEC", 0):
            self.remove()
            raise Unusable(_NO_EXEC.fill(where=self.root.parent))

    def remove(self) -> None:
        """End every process of the world and delete the folder. Idempotent."""
        end_processes(self.root)
        shutil.rmtree(self.root, ignore_errors=True)
        self._lock.close()

    def furnish(self, host: str, faults: Iterable[str]) -> Ground:
        """Make one host's home, its stand-ins, and the few system files that matter."""
        ground = Ground(self.root, host)
        for folder in (ground.home, ground.bin, ground.temporary, ground.home / ".ssh"):
            folder.mkdir(mode=0o700, parents=True)
        python, source, root = (shlex.quote(str(path)) for path in (sys.executable, Path(__file__).resolve().parents[2], self.root))
        for name in stand_ins():
            shim = ground.bin / name
            shim.write_text(_SHIM.format(python=python, source=source, root=root, host=host, name=name), "utf-8")
            shim.chmod(0o755)
        names = "100.100.2.136\nnameserver 100.100.2.138"
        files = {
            "etc/os-release": _OS_RELEASE,
            "etc/resolv.conf": f"nameserver {'192.0.2.53' if 'dns-resolve-failure' in faults else names}\n",
            "etc/hosts": "127.0.0.1 localhost\n",
            "etc/hostname": f"{host}-practice\n",
            "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
            "etc/apt/sources.list.d/ubuntu.sources": "Types: deb\nURIs: http://mirrors.cloud.aliyuncs.com/ubuntu\n",
            "etc/default/grub": "",
            "usr/share/keyrings/ubuntu-archive-keyring.gpg": "",
            "var/log/syslog": "",
            "root/.profile": "",
            "proc/net/route": _ROUTES,
            **{f"proc/sys/net/ipv4/conf/{card}/rp_filter": "0\n" for card in ("all", "default", "eth0")},
        }
        if host == "ecs":
            files |= _ALIBABA
        for name, text in files.items():
            _write(ground.fs / name, text)
        if "tun-missing" not in faults:
            make_device(ground.fs / "dev/net/tun")
        for name in _EMPTY:
            (ground.fs / name).mkdir(parents=True, exist_ok=True)
        if "disk-full" in faults:
            for name in BIG_FILES:
                _write(ground.fs / name, "")
                os.truncate(ground.fs / name, FULL_SIZE)
        if new_host(host, tuple(faults))["installed"]:
            place_tailscale(ground)
        self._write_profile(ground)
        return ground

    def _write_profile(self, ground: Ground) -> None:
        """Login shells read the computer's own profile, which sets PATH anew: set it back."""
        path = shlex.quote(os.pathsep.join([str(ground.bin), str(self.root / "harmless")]))
        lines = f"export PATH={path}\nPS1='[练习 {ground.name}] \\w\\$ '\nHISTFILE=\n"
        for name in (".bash_profile", ".bashrc"):
            _write(ground.home / name, lines)

    def link_harmless(self) -> None:
        """Links to the tools that can do no harm, of those this computer has. `Unusable` where it has no bash."""
        folder = self.root / "harmless"
        folder.mkdir(mode=0o700)
        for name in _HARMLESS.split():
            path = shutil.which(name)
            if path is not None:
                (folder / name).symlink_to(path)
        if not (folder / "bash").exists():
            raise Unusable(NO_BASH)


NO_BASH = Text(
    "练习环境需要 bash，这台电脑上没有；请在 Linux、macOS 或 WSL 里运行 zhinan practice",
    "the practice world needs bash, which this computer lacks; run `zhinan practice` on Linux, macOS or in WSL",
)


_NO_EXEC = Text(
    "{where} 里的程序不许运行（noexec），练习环境建不起来；请把环境变量 TMPDIR 设成别的文件夹再试",
    "programs may not run from {where} (noexec), so the practice world can't be made; set TMPDIR to another folder and try again",
)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _bases() -> list[Path]:
    """Where worlds may lie: the temporary folder, or another where its name has letters that a script would trip over."""
    usual = Path(tempfile.gettempdir())
    return [usual] if _PLAIN.fullmatch(str(usual.resolve())) else [usual, Path("/tmp")]  # noqa: S108  a fresh folder of our own in it


def _claim() -> tuple[Path, IO[str]]:
    """A new folder with its lock held. Another program's sweep may get in between the two; then there is a next one."""
    while True:
        root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_bases()[-1])).resolve()
        with contextlib.suppress(FileNotFoundError):
            lock = _hold(root)
            if lock is not None and (root / "owner").exists():
                return root, lock


def _hold(root: Path) -> IO[str] | None:
    """Lock the world's owner file; None when another living process has it."""
    import fcntl

    file = (root / "owner").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def sweep() -> None:
    """Remove the worlds whose program has died without doing it."""
    for root in [found for base in _bases() for found in base.glob(f"{_PREFIX}*")]:
        with contextlib.suppress(OSError):
            if root.is_symlink() or root.stat().st_uid != os.getuid() or not (root / "owner").exists():
                continue
            lock = _hold(root)
            if lock is not None:
                end_processes(root.resolve())
                shutil.rmtree(root, ignore_errors=True)
                lock.close()


def end_processes(root: Path) -> None:
    """Kill every process that carries the world's mark, until none is left: a dying one may have started another."""
    for _ in range(100):
        alive = marked(root)
        if not alive:
            return
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def marked(root: Path) -> list[int]:
    """The processes of the world in `root`: those whose environment names it, or who stand inside it."""
    found = _marked_by_proc(root) if Path("/proc/self/environ").exists() else _marked_by_ps(root)
    return [pid for pid in found if pid != os.getpid()]


def _marked_by_proc(root: Path) -> list[int]:
    mark = f"{MARK}={root}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            standing = (entry / "cwd").readlink().is_relative_to(root)
            if standing or mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def _marked_by_ps(root: Path) -> list[int]:
    listed = subprocess.run(["ps", "-axww", "-E", "-o", "pid=,command="], capture_output=True, text=True, errors="replace", check=False)
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines() if f"{MARK}={root}" in line]
    return [int(words[0]) for words in lines]
