"""The server's entry in the reader's ~/.ssh/config: always shown as a diff, written only where the guide was told to, with a copy kept."""

from __future__ import annotations

import shlex
from typing import Final

from tui.act.network_look import choice
from tui.act.tailscale import LOOK, shell
from tui.act.verify_ssh import Login
from tui.errors import Unusable
from tui.judge.evidence import End
from tui.judge.ssh_entry import Entry, diff, name_for, with_entry
from tui.run.action import Stage
from tui.texts import Text

_READ: Final = 'if [ -e ~/.ssh/config ]; then cat ~/.ssh/config; fi; echo "zhinan-end"'
_READ_WINDOWS: Final = (
    "$file = Join-Path $HOME '.ssh\\config'\n"
    "if (Test-Path -LiteralPath $file) { [Console]::Out.Write([IO.File]::ReadAllText($file)) }\n"
    "[Console]::Out.WriteLine('zhinan-end')\n"
)


async def offer(stage: Stage, server: str, local: str, name: str, login: Login) -> None:
    """Show the entry, and write it with `write_config: true`. Raises Unusable where it was to be written and could not be."""
    write = choice(stage.spec, "write_config", ("true", "false"), "false") == "true"
    windows = shell(stage, local) == "powershell"
    seen = await stage.capture(_READ_WINDOWS if windows else _READ, on=local, patience=LOOK, language="powershell" if windows else "bash")
    before, ended, _ = seen.out.rpartition("zhinan-end")
    if seen.end is not End.EXITED or not ended or "\ufffd" in before:
        await _cannot(stage, Text("读不懂 ~/.ssh/config", "~/.ssh/config can't be read as text"), write=write)
        return
    entry = Entry(name_for(name), login.ip, login.user, login.port, _known_as(stage, server, login))
    after = with_entry(before, entry)
    if isinstance(after, Text):
        await _cannot(stage, after, write=write)
        return
    change = diff(before, after)
    if not change:
        text = Text("~/.ssh/config 里已有这一项：ssh {alias}", "~/.ssh/config has the entry already: ssh {alias}")
        await stage.note(text.fill(alias=entry.alias))
        return
    await stage.note(Text("~/.ssh/config 可以加上这一项，之后用 ssh {alias} 就能登录：", "this entry in ~/.ssh/config would let you log in with ssh {alias}:").fill(alias=entry.alias))  # fmt: skip # noqa: E501
    await stage.note(change)
    if not write:
        await stage.note(Text("没有写入（要写入就加选项 write_config: true）", "not written (option write_config: true writes it)"))
        return
    words = _write_windows(after) if windows else _write(before, after)
    done = await stage.capture(words, on=local, patience=LOOK, language="powershell" if windows else "bash")
    if done.end is not End.EXITED or done.code != 0:
        raise Unusable(
            Text("写不了 ~/.ssh/config：{why}", "can't write ~/.ssh/config: {why}").fill(why=done.why or done.err.strip()[-200:])
        )
    await stage.note(Text("已写入，原来的在 ~/.ssh/config.before-zhinan", "written; the former one is in ~/.ssh/config.before-zhinan"))


async def _cannot(stage: Stage, why: Text, *, write: bool) -> None:
    if write:
        raise Unusable(why)
    await stage.note(why)


def _known_as(stage: Stage, server: str, login: Login) -> str:
    """The name under which this computer's known_hosts has the server's key already, if `ssh` can be told it."""
    from tui.target.ssh import SshTarget

    target = stage.target(server)
    known = target.host.key_name if isinstance(target, SshTarget) and login.port == 22 else ""
    return known if known and not set(known) & set("[]* \t") else ""


def _write(before: str, after: str) -> str:
    """Write beside and move into place, so that no moment has half a file; only if it still is what was read."""
    return (
        "umask 077\nmkdir -p ~/.ssh\ncd ~/.ssh\nfile=config\n"
        "[ -L config ] && file=$(readlink -f config)\n"
        f'if [ -e "$file" ]; then printf %s {shlex.quote(before)} | cmp -s - "$file" || {{ echo "changed meanwhile" >&2; exit 1; }}\n'
        '  cp -p "$file" config.before-zhinan; fi\n'
        f'new=$(mktemp "$file.XXXXXX")\nprintf %s {shlex.quote(after)} >"$new"\nchmod 600 "$new"\nmv -f "$new" "$file"\n'
    )


def _write_windows(after: str) -> str:
    quoted = "'" + after.replace("'", "''") + "'"
    return (
        "$folder = Join-Path $HOME '.ssh'\n$file = Join-Path $folder 'config'\n"
        "New-Item -ItemType Directory -Force -Path $folder | Out-Null\n"
        "if (Test-Path -LiteralPath $file) { Copy-Item -LiteralPath $file -Destination ($file + '.before-zhinan') }\n"
        f"[IO.File]::WriteAllText($file, {quoted}, (New-Object Text.UTF8Encoding $false))\n"
    )
