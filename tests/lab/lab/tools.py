"""Starting the machine's own programs, and saying which of them are missing before anything is begun."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "curl": "curl",
    "nft": "nftables",
    "sysctl": "procps",
}


class LabFailed(Exception):
    """The lab, or something in it, did not come up; the sentence holds the words of the program that failed."""


def run(*argv: str, text: str | None = None, timeout: float = 60.0, quiet: bool = False) -> str:
    """Standard output of a program that must succeed.

    `text` is its input. Raises `LabFailed` with its error output, unless `quiet`: then what it printed is all there is.
    """
    try:
        done = subprocess.run(argv, input=text or "", capture_output=True, encoding="utf-8", errors="replace", timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        if quiet:
            return ""
        raise LabFailed(f"{argv[0]}: {error}") from error
    if done.returncode and not quiet:
        raise LabFailed(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def cache() -> Path:
    """The folder of what is made once and kept for later labs, of all sessions of this account."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zhinan-lab"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def what_lacks() -> str | None:
    """One sentence naming what this machine lacks for the lab; None if the lab can be started."""
    if not sys.platform.startswith("linux"):
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root: it boots containers and makes network namespaces"
    missing = [package for program, package in _PROGRAMS.items() if not shutil.which(program)]
    if missing:
        return f"the lab needs these packages: {' '.join(sorted(set(missing)))}"
    try:
        run("unshare", "--net", "--mount", "true")
    except LabFailed as error:
        return f"the lab needs namespaces, and this machine gives none: {error}"
    return None
