"""One file that makes everything and starts it, for whoever has nothing but Python and a copy of this folder.

    python3 start.py                 rehearse the guide, with nothing at risk (`zhinan practice`; options are passed on)
    python3 start.py test [ARGS]     every check and every test (ARGS go to pytest); the exit code is the worst of them
    python3 start.py zhinan ARGS     the program itself (`--` says the same)
    python3 start.py pin             write constraints.txt from what is installed here

It stands outside the package, on the standard library alone, because it must run before anything is installed; and it keeps
to words that old Pythons can read, so that one of them still reaches the sentence that says it is too old.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "zhinan-made"
CONSTRAINTS = HERE / "constraints.txt"
OLDEST = (3, 11)

# The order is from quick to slow, and pytest stands last so that its closing line is the last line of all.
CHECKS = [
    ("ruff check", ["ruff", "check"]),
    ("ruff format", ["ruff", "format", "--check"]),
    ("import-linter", ["lint-imports", "--no-logo"]),
    ("mypy", ["mypy"]),
]


class Stopped(Exception):
    """What stands in the way and what to do about it, in both languages: this file has no language setting to ask."""

    def __init__(self, zh: str, en: str, code: int = 1) -> None:
        super().__init__("%s\n%s" % (zh, en))  # noqa: UP031  the oldest way reads everywhere
        self.code = code


def main(argv: list[str]) -> int:
    """Do what the first word says; the exit code is that of the program or the worst of the checks."""
    try:
        needs_python()
        first, rest = (argv[0], argv[1:]) if argv else ("practice", [])
        if first in ("-h", "--help"):
            say((__doc__ or "").partition("\n\n")[2].partition("\n\n")[0])
            return 0
        if first == "test":
            return test(rest)
        if first == "pin":
            return pin()
        if first in ("zhinan", "--"):
            return program(rest)
        if first == "practice":
            return program(["practice", *rest])
        if first.startswith("-"):
            return program(["practice", *argv])
        raise Stopped(
            f"不认识“{first}”。可用：practice、test、zhinan、pin（见 python3 start.py --help）。",
            f"“{first}” is not known here. Known are: practice, test, zhinan, pin (see python3 start.py --help).",
            2,
        )
    except Stopped as stopped:
        say(str(stopped))
        return stopped.code
    except KeyboardInterrupt:
        return 130


def needs_python() -> None:
    """Stop with a sentence where this Python is too old or cannot make a virtual environment."""
    if sys.version_info < OLDEST:
        have = "{}.{}".format(*sys.version_info[:2])
        raise Stopped(
            f"需要 Python 3.11 或更新的版本，现在是 {have}（{sys.executable}）。请安装新版后用它运行：python3.11 start.py",
            f"Python 3.11 or newer is needed, this is {have} ({sys.executable}). Install a newer one and run: python3.11 start.py",
        )
    if not usable(PYTHON) and not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Stopped(
            "这个 Python 缺少 venv/ensurepip，无法建立虚拟环境。Debian/Ubuntu 上请先运行：sudo apt-get install python3-venv",
            "This Python lacks venv/ensurepip and cannot make a virtual environment. On Debian/Ubuntu run first: "
            "sudo apt-get install python3-venv",
        )


def make(dev: bool) -> None:
    """Have a virtual environment with the program (and with the tools of the tests) in it; quick when nothing changed."""
    wanted = wish()
    made = STAMP.read_text("utf-8").split() if STAMP.is_file() else []
    if usable(PYTHON) and made[:1] == [wanted] and (not dev or "dev" in made):
        return
    say("正在准备（第一次约需一分钟）…  Making everything (about a minute the first time)…")
    if not usable(PYTHON):
        make_venv()
    install(dev=dev)
    STAMP.write_text(wanted + (" dev" if dev else "") + "\n", "utf-8")


def wish() -> str:
    """A hash of everything that decides what has to be installed."""
    digest = hashlib.sha256(repr((sys.version_info[:2], str(HERE))).encode())
    for file in (HERE / "pyproject.toml", CONSTRAINTS):
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def usable(python: Path) -> bool:
    """Whether the environment's Python runs and is new enough: it breaks when the Python it was made from goes away."""
    look = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([str(python), "-c", look], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    """Make `.venv` from this Python, in place of a broken one."""
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
        raise Stopped(
            f"无法建立虚拟环境 {VENV}，原因见上。请检查这个文件夹可写、磁盘有空间。",
            f"The virtual environment {VENV} could not be made, the reason is above. Is the folder writable, is there space on the disk?",
        )


def install(dev: bool) -> None:
    """Install the program in place and, for the tests, the tools: pip itself reads groups only since 25.1, so they are read here."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if CONSTRAINTS.is_file():
        command += ["--constraint", str(CONSTRAINTS)]
    command += ["--editable", str(HERE)]
    if dev:
        command += requirements()
    if subprocess.call(command) != 0:
        raise Stopped(
            "安装依赖失败，原因见上。多半是网络：请检查网络和代理（HTTPS_PROXY），或给 pip 设一个可达的镜像"
            "（pip config set global.index-url …），再运行一次。",
            "Installing the dependencies failed, the reason is above. Mostly it is the network: look at the connection, at the proxy "
            "(HTTPS_PROXY), or give pip a mirror it can reach (pip config set global.index-url …), then run this again.",
        )


def requirements() -> list[str]:
    """The tools of the tests: the group `dev` of `pyproject.toml`."""
    import tomllib

    group: list[str] = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["dev"]
    return group


def program(args: list[str]) -> int:
    """Make what is needed and become the program (where the system can), so that keys and signals reach it directly."""
    make(dev=False)
    command = [tool("zhinan"), *args]
    if os.name != "nt":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)  # noqa: S606  no shell is wanted
    return run(command, None)


def tool(name: str) -> str:
    """A program of the environment."""
    return str(PYTHON.with_name(name + PYTHON.suffix))


def test(args: list[str]) -> int:
    """All checks, then all tests; the exit code is the worst."""
    make(dev=True)
    worst, failed = 0, []
    for name, words in CHECKS:
        say(f"── {name}")
        code = run([tool(words[0]), *words[1:]], HERE)
        worst = max(worst, code)
        failed += [name] if code else []
    if failed:
        names = ", ".join(failed)
        say(f"── 未通过的检查：{names}；退出码不会是 0。  Checks that failed: {names}; the exit code will not be 0.")
    say("── pytest")
    return max(worst, run([tool("pytest"), *args], HERE))


def run(command: list[str], folder: Path | None) -> int:
    """Run to the end in `folder` (the reader's own for None) and give the exit code, 128+N for one ended by signal N."""
    child = subprocess.Popen(command, cwd=folder)
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue  # the child got it too and says how it ends
        return code if code >= 0 else 128 - code


def pin() -> int:
    """Write `constraints.txt` from the versions installed in the environment, the ones the tests ran with."""
    make(dev=True)
    frozen = subprocess.run(
        [str(PYTHON), "-m", "pip", "freeze", "--exclude-editable"], stdout=subprocess.PIPE, encoding="utf-8", check=True
    ).stdout
    lines = sorted(line.strip() for line in frozen.splitlines() if re.fullmatch(r"[\w.-]+==[\w.+!-]+", line.strip()))
    CONSTRAINTS.write_text(PINNED_HEAD + "\n".join(lines) + "\n", "utf-8")
    return 0


PINNED_HEAD = """\
# The versions that the tests ran with, written by `python3 start.py pin`. start.py installs within them, so that a copy made
# later is the same program; pyproject.toml says what else would do.
"""


def say(words: str) -> None:
    """One line to the terminal, also where its encoding knows no Chinese."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(words.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
