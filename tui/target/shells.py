"""How a script is handed to its interpreter on this computer, without a byte of it changed.

The script always goes through a file: an argument would be seen by everybody in the process list, standard input has to be empty, and
strictness is set from outside so that the words shown are the words run.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from tui.errors import Unusable, UsageError
from tui.target.base import Job
from tui.texts import Text

BASH = ("--noprofile", "--norc", "-euo", "pipefail")
MARK = "ZHINAN_JOB"  # every process of a job carries it, so that one which left the group can still be found

_ID = re.compile(r"[a-z0-9-]{1,120}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_POWERSHELL = (
    "$ErrorActionPreference='Stop'; $PSNativeCommandUseErrorActionPreference=$true; $ProgressPreference='SilentlyContinue'; "
    "$OutputEncoding=[Console]::OutputEncoding=[Text.UTF8Encoding]::new($false); $global:LASTEXITCODE=0; "
    "& '{path}'; exit $LASTEXITCODE"
)


def check(job: Job) -> None:
    """Raise `UsageError` if the job's id or the name of a variable can't be used as such."""
    if not _ID.fullmatch(job.id):
        raise UsageError(
            Text("作业名 {id} 只能用小写字母、数字和连字符。", "The job id {id} may hold only a-z, 0-9 and hyphens.").fill(id=repr(job.id))
        )
    for name, value in job.env.items():
        if not _NAME.fullmatch(name):
            raise UsageError(
                Text(
                    "{name} 不能用作环境变量名：只能用字母、数字和下划线。",
                    "{name} can't name an environment variable: use letters, digits, _.",
                ).fill(name=repr(name))
            )
        if "\0" in value:
            raise UsageError(
                Text("{name} 的值里有空字符，无法传递。", "The value of {name} holds a NUL, which can't be passed on.").fill(name=name)
            )
    if "\0" in job.script:
        raise UsageError(Text("脚本里有空字符，无法执行。", "The script holds a NUL character and can't be run."))


def command(job: Job, folder: Path, *, windows: bool) -> list[str]:
    """Write the script into `folder` and give the command that runs it. Raises `Unusable` when its interpreter is missing."""
    if job.language == "powershell":
        return _powershell(job, folder)
    if job.language == "cmd":
        return _cmd(job, folder, windows=windows)
    shell = bash(windows=windows)
    return [shell, *BASH, str(_write(folder / "script", job.script.encode("utf-8", "surrogateescape")))]


def bash(*, windows: bool) -> str:
    """The path of bash; on Windows the one of Git (the `bash.exe` of the system folder is Linux in a virtual machine)."""
    found = _git_bash() if windows else shutil.which("bash")
    if found:
        return found
    if windows:
        raise Unusable(
            Text(
                "这一步要用 bash，本机没有找到。请安装 Git for Windows（自带 Git Bash），再试一次。",
                "This step needs bash, which was not found here. Install Git for Windows (it brings Git Bash) and try again.",
            )
        )
    raise Unusable(
        Text("本机没有 bash，无法执行这一步。请先安装 bash。", "There is no bash on this computer to run this step. Install bash first.")
    )


def _git_bash() -> str | None:
    places: list[Path] = []
    git = shutil.which("git")
    if git:
        places += [parent / "bin" / "bash.exe" for parent in Path(git).resolve().parents[:3]]
    for variable in ("ProgramFiles", "ProgramW6432", "LOCALAPPDATA"):
        root = os.environ.get(variable)
        if root:
            places += [Path(root) / "Git" / "bin" / "bash.exe", Path(root) / "Programs" / "Git" / "bin" / "bash.exe"]
    return next((str(place) for place in places if place.is_file()), None)


def _powershell(job: Job, folder: Path) -> list[str]:
    shell = shutil.which("pwsh") or shutil.which("powershell")
    if not shell:
        raise Unusable(
            Text(
                "这一步要用 PowerShell，本机没有找到 pwsh 或 powershell。",
                "This step needs PowerShell; neither pwsh nor powershell was found here.",
            )
        )
    # Windows PowerShell reads a file without the mark as the old code page
    path = _write(folder / "script.ps1", b"\xef\xbb\xbf" + job.script.encode("utf-8", "surrogateescape"))
    start = _POWERSHELL.replace("{path}", str(path).replace("'", "''"))
    return [shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command", start]


def _cmd(job: Job, folder: Path, *, windows: bool) -> list[str]:
    if not windows:
        raise Unusable(Text("这一步是 cmd 命令，只能在 Windows 上执行。", "This step is written for cmd and runs on Windows only."))
    lines = job.script.replace("\r\n", "\n").replace("\n", "\r\n")
    path = _write(folder / "script.cmd", lines.encode("utf-8", "surrogateescape"))
    return [os.environ.get("COMSPEC", "cmd.exe"), "/d", "/c", f"chcp 65001>nul & call {path}"]


def _write(path: Path, content: bytes) -> Path:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return path
