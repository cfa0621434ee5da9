"""Action `ssh.entry`: the server as a name in the reader's ~/.ssh/config, so that `ssh NAME` reaches it through the tailnet.

It is the reader's own file, and others rely on it: so the change is shown as a diff and made only after a yes, at once or not at all, with
a copy of the former file beside it. Mode, link, line ends and every other letter stay. What is there already is not written again.

Options: server, local (names of the two places, as in `tailscale.verify`, whose proof must have been made: it learned `server_tailnet`,
the address), alias (to type after `ssh`; default the server's name in the tailnet with `-ts`), prefix (of the values learned there, default
`ts`). Learns ssh_name.
"""

from __future__ import annotations

import re
import shlex
from typing import Final
from urllib.parse import urlsplit

from tui.act.network_look import check_names
from tui.act.tailscale import LOOK, shell
from tui.errors import TargetError, Unusable, UsageError
from tui.judge.evidence import End, Evidence
from tui.judge.ssh_entry import Entry, diff, name_for, with_entry
from tui.run.action import Stage
from tui.run.ask import ConfirmLine, ConfirmQuestion, changed_lines
from tui.run.plan import LOCAL
from tui.run.values import expand
from tui.texts import Text

_END: Final = "zhinan-end"
_READ: Final = f'if [ -e ~/.ssh/config ]; then cat ~/.ssh/config; fi; echo "{_END}"'
_READ_WINDOWS: Final = (
    "$file = Join-Path $HOME '.ssh\\config'\n"
    "if (Test-Path -LiteralPath $file) { [Console]::Out.Write([IO.File]::ReadAllText($file)) }\n"
    f"[Console]::Out.WriteLine('{_END}')\n"
)


async def ssh_entry(stage: Stage) -> None:
    """Offer the entry, write it after a yes, say what to type. Raises NotApproved on a no, Unusable where it can't be done."""
    check_names(stage.spec)
    local = str(stage.spec.options.get("local", LOCAL))
    entry = _entry(stage, local)
    before = await _read(stage, local)
    after = with_entry(before, entry)
    if isinstance(after, Text):
        raise Unusable(after)
    change = diff(before, after)
    if change:
        await stage.note(change)
        await stage.confirm(_question(entry, change))
        await _write(stage, local, before, after)
        text = Text("已写入 ~/.ssh/config", "written to ~/.ssh/config")
        kept = Text("，原来的在 ~/.ssh/config.before-zhinan", "; the former one is in ~/.ssh/config.before-zhinan")
        await stage.note(Text(text.zh + kept.zh, text.en + kept.en) if before else text)
    else:
        await stage.note(Text("~/.ssh/config 里已有这一项", "~/.ssh/config has the entry already"))
    await _prove(stage, local, entry)
    stage.learn(ssh_name=entry.alias)
    await stage.note(
        Text("从此登录服务器只要输入：ssh {name}", "from now on, to log in to the server, type: ssh {name}").fill(name=entry.alias)
    )


def _entry(stage: Stage, local: str) -> Entry:
    """The entry that follows from the proof. Raises Unusable without one, UsageError for a name that is none."""
    prefix = str(stage.spec.options.get("prefix", "") or "ts")
    address = urlsplit(stage.values.get("server_tailnet", ""))
    if not address.hostname:
        text = Text(
            "还没有验证过能经 tailnet 登录服务器：先做验证这一步（tailscale.verify）",
            "that the server is reached through the tailnet has not been proven yet: do the verifying step first (tailscale.verify)",
        )
        raise Unusable(text)
    alias = str(expand(stage.spec.options.get("alias", ""), stage.values) or "")
    if alias and not re.fullmatch(r"[A-Za-z0-9_][\w.-]*", alias, re.ASCII):
        text = Text("第 {line} 行：“{name}”不能做 ssh 的主机名", "line {line}: “{name}” is no host name for ssh")
        raise UsageError(text.fill(line=stage.spec.line, name=alias))
    server = str(stage.spec.options.get("server", stage.on if stage.on != local else "ecs"))
    port = address.port or 22
    alias = alias or name_for(stage.values.get(f"{prefix}_name", ""))
    return Entry(alias, address.hostname, address.username or "root", port, _known_as(stage, server) if port == 22 else "")


def _known_as(stage: Stage, server: str) -> str:
    """The name under which this computer's known_hosts has the server's key already, if `ssh` can be told it ("" else)."""
    from tui.target.ssh import SshTarget

    try:
        target = stage.target(server)
    except (TargetError, UsageError):  # not connected in this step: then ssh asks once for the key
        return ""
    known = target.host.key_name if isinstance(target, SshTarget) else ""
    return known if not set(known) & set("[]* \t") else ""


def _question(entry: Entry, change: str) -> ConfirmQuestion:
    why = Text(
        "{user}@{ip}：以后输入 ssh {name} 就能登录。只改这几行：",
        "{user}@{ip}: afterwards ssh {name} logs you in. Only these lines change:",
    )
    kept = Text(
        "其余一字不动；原来的文件会另存为 config.before-zhinan。",
        "Nothing else is touched; the former file is kept as config.before-zhinan.",
    )
    return ConfirmQuestion(
        Text("把服务器写进 ~/.ssh/config？", "Write the server into ~/.ssh/config?"),
        (ConfirmLine(why.fill(user=entry.user, ip=entry.ip, name=entry.alias)), *changed_lines(change), ConfirmLine(kept)),
    )


async def _read(stage: Stage, local: str) -> str:
    windows = shell(stage, local) == "powershell"
    seen = await stage.capture(_READ_WINDOWS if windows else _READ, on=local, patience=LOOK, language="powershell" if windows else "bash")
    config, ended, _ = seen.out.rpartition(_END)
    if seen.end is not End.EXITED or seen.cut or not ended or "\ufffd" in config:
        text = Text("读不全或读不懂 ~/.ssh/config，没有改它", "~/.ssh/config can't be read whole, or not as text; it was left alone")
        raise Unusable(text)
    return config


async def _write(stage: Stage, local: str, before: str, after: str) -> None:
    windows = shell(stage, local) == "powershell"
    words = _write_windows(before, after) if windows else _write_posix(before, after)
    done = await stage.capture(words, on=local, patience=LOOK, language="powershell" if windows else "bash")
    if done.end is not End.EXITED or done.code != 0:
        text = Text("写不了 ~/.ssh/config：{why}", "can't write ~/.ssh/config: {why}")
        raise Unusable(text.fill(why=done.why or done.err.strip()[-200:] or f"exit {done.code}"))


async def _prove(stage: Stage, local: str, entry: Entry) -> None:
    """Ask ssh what it makes of the name: an earlier line in the file may have settled otherwise. Where there is no ssh: nothing."""
    windows = shell(stage, local) == "powershell"
    words = f'ssh -F "$HOME/.ssh/config" -G -- {entry.alias}'
    try:
        seen: Evidence = await stage.capture(words, on=local, patience=LOOK, language="powershell" if windows else "bash")
    except TargetError:
        return
    told = dict(re.findall(r"^(hostname|user|port) (.*?)\r?$", seen.out, re.MULTILINE)) if seen.code == 0 else {}
    wrong = [f"{name} {told[name]}" for name, value in _wanted(entry).items() if name in told and told[name].lower() != value.lower()]
    if wrong:
        text = Text(
            "! ~/.ssh/config 里更靠前的设置盖过了这一项：ssh {name} 会用 {found}，请自己调整先后",
            "! an earlier setting in ~/.ssh/config goes before this entry: ssh {name} would use {found}; please move it",
        )
        await stage.note(text.fill(name=entry.alias, found=", ".join(wrong)))


def _wanted(entry: Entry) -> dict[str, str]:
    return {"hostname": entry.ip, "user": entry.user, "port": str(entry.port)}


def _write_posix(before: str, after: str) -> str:
    """Write beside and move into place, so that no moment has half a file; only if it still is what was read."""
    return (
        "umask 077\nmkdir -p ~/.ssh\ncd ~/.ssh\nfile=config\n"
        "[ -L config ] && file=$(readlink -f config)\n"
        'new=$(mktemp "$file.XXXXXX")\ntrap \'rm -f "$new"\' EXIT\n'
        f'if [ -e "$file" ]; then printf %s {shlex.quote(before)} | cmp -s - "$file" || {{ echo "changed meanwhile" >&2; exit 1; }}\n'
        '  cp -p "$file" config.before-zhinan\n  cp -p "$file" "$new"; fi\n'  # the copy brings the file's own mode
        f'printf %s {shlex.quote(after)} >"$new"\nmv -f "$new" "$file"\n'
    )


def _write_windows(before: str, after: str) -> str:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    return (
        "$ErrorActionPreference = 'Stop'\n"
        "$folder = Join-Path $HOME '.ssh'\n$file = Join-Path $folder 'config'\n"
        "New-Item -ItemType Directory -Force -Path $folder | Out-Null\n"
        "$link = Get-Item -LiteralPath $file -ErrorAction SilentlyContinue\n"
        "if ($link -and $link.LinkType -eq 'SymbolicLink') { $file = [IO.Path]::Combine($folder, @($link.Target)[0]) }\n"
        "$new = $file + '.zhinan-new'\n"
        f"[IO.File]::WriteAllText($new, {quoted(after)}, (New-Object Text.UTF8Encoding $false))\n"
        "if (Test-Path -LiteralPath $file) {\n"
        f"  if ([IO.File]::ReadAllText($file) -cne {quoted(before)}) {{ Remove-Item -LiteralPath $new; throw 'changed meanwhile' }}\n"
        "  [IO.File]::Replace($new, $file, (Join-Path $folder 'config.before-zhinan'))\n"  # keeps the file's own access rules
        "} else { [IO.File]::Move($new, $file) }\n"
    )
