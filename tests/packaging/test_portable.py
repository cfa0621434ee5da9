"""The way to the reader needs nothing that only POSIX systems have: a Windows is imitated by taking those things away, and all is imported.

Two nets. Modules that Windows lacks cannot be imported by anyone, third parties included, unless they stand on a line of their
own below: on Linux a few of them reach for the terminal in branches that they do not enter on Windows. And the names that
Windows lacks in `os`, `signal` and `socket` are gone for our own modules, which are imported after everything they stand on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ABSENT = [
    "fcntl",
    "termios",
    "tty",
    "pty",
    "pwd",
    "grp",
    "resource",
    "syslog",
    "readline",
    "curses",
    "crypt",
    "nis",
    "spwd",
    "posix_ipc",
    "ossaudiodev",
]

# Importer → what it may import here: each does so on Linux alone, in a branch on the system or a try.
BRANCHES: dict[str, str] = {}

MODULES = r"""
import importlib, json, pkgutil, sys

absent, branches, packages = json.loads(sys.argv[1])

class Windows:
    "A finder that knows no module that Windows lacks."
    def find_spec(self, name, path=None, target=None):
        if name not in absent:
            return None
        frame = sys._getframe(1)
        while frame.f_globals["__name__"].startswith("importlib") or "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        importer = frame.f_globals["__name__"]
        if name in branches.get(importer, "").split():
            return None
        raise ModuleNotFoundError(f"{importer} imports {name}, which Windows lacks", name=name)

for name in absent:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Windows())
seen = []
for package in packages:
    module = importlib.import_module(package)
    seen.append(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), package + "."):
        importlib.import_module(found.name)
        seen.append(found.name)
print("\n".join(seen))
"""

NAMES = r"""
import importlib, os, signal, socket, sys
for module in sys.argv[2].split():
    importlib.import_module(module)
for name in [name for name in sys.modules if name.partition(".")[0] == "tui"]:
    del sys.modules[name]
for place, names in {
    os: '''fork forkpty setsid setpgid getpgid killpg getuid geteuid getgid getpgrp mkfifo chown fchmod
           WNOHANG WEXITSTATUS O_NOFOLLOW O_CLOEXEC O_NONBLOCK''',
    signal: '''SIGKILL SIGHUP SIGQUIT SIGUSR1 SIGWINCH SIGCHLD SIGPIPE SIGTSTP SIGCONT SIGSTOP SIGALRM
               alarm setitimer pthread_sigmask''',
    socket: "AF_UNIX",
}.items():
    for name in names.split():
        if hasattr(place, name):
            delattr(place, name)
for module in sys.argv[1].split():
    importlib.import_module(module)
print("imported")
"""

READER = ["tui.cli", "tui.commands", "tui.config", "tui.judge", "tui.guide", "tui.run", "tui.headless", "tui.ui", "tui.practice"]
PLACES = ["tui.target.registry", "tui.target.base", "tui.target.local", "tui.target.ssh", "tui.target.replay"]


def python(checkout: Path, script: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *args], cwd=checkout, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def walk(checkout: Path, *packages: str) -> list[str]:
    return python(checkout, MODULES, json.dumps([ABSENT, BRANCHES, packages])).split()


def test_everything_on_the_way_to_the_reader_is_imported_without_posix_modules(checkout: Path) -> None:
    seen = walk(checkout, *READER, *PLACES)
    assert {"tui.ui.app", "tui.guide.parse", "tui.run.engine", *PLACES} <= set(seen)


def test_our_modules_use_no_posix_names_when_imported(checkout: Path) -> None:
    ours = " ".join(walk(checkout, *READER, *PLACES))
    # First all, so that what they stand on is loaded as it is on Linux; then they alone once more, without the names.
    assert python(checkout, NAMES, ours, ours) == "imported\n"


@pytest.mark.parametrize("line", ["import fcntl", "from os import fork", "import signal; signal.SIGKILL"])
def test_the_nets_hold(tmp_path: Path, line: str) -> None:
    package = tmp_path / "tui"
    package.mkdir()
    (package / "__init__.py").write_text(f"{line}\n")
    scripts = [(MODULES, json.dumps([ABSENT, {}, ["tui"]])), (NAMES, "tui", "")]
    codes = [subprocess.run([sys.executable, "-c", *each], cwd=tmp_path, capture_output=True, check=False).returncode for each in scripts]
    assert 1 in codes
