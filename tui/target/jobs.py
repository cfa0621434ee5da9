"""What can become of a job that runs by itself on a server, as sentences: the same on every way there."""

from __future__ import annotations

from typing import Final

from tui.errors import Unusable
from tui.texts import Text, same

GONE: Final = {
    "forgotten": Text(
        "{host} 上这个命令的记录不见了（~/.cache/zhinan 被删），结果未知。",
        "What {host} had on record of this command is gone (~/.cache/zhinan was removed), so how it ended is unknown.",
    ),
    "rebooted": Text(
        "{host} 在命令执行期间重启过，命令没有留下退出码，结果未知。",
        "{host} was restarted while the command ran. It left no exit code, so how it ended is unknown.",
    ),
    "vanished": Text(
        "{host} 上的命令进程消失了（被杀掉或内存不足），没有留下退出码，结果未知。",
        "The command's process on {host} vanished (killed, or out of memory) without an exit code, so how it ended is unknown.",
    ),
}
_CUT: Final = Text(
    "{host} 上的输出没有写完整（多半是磁盘满了，请看 df -h）。命令的退出码是 {code}，但结果不可信。",
    "On {host} the output could not be kept whole (most likely the disk is full, see df -h). The exit code was {code}, but the result "
    "can't be trusted.",
)


def cut(where: str, code: str) -> Text:
    """The output of a job that ended with `code` could not be kept."""
    return _CUT.fill(host=where, code=code)


def no_room(where: str, why: str) -> Unusable:
    """The helper could not make its folders; `why` is the words of the command that failed there."""
    low, cause = why.lower(), ""
    if "no space" in low or "quota" in low:
        cause = "disk-full"
        text = Text(
            "{host} 的磁盘满了，无法记录命令的输出。请先清理磁盘（df -h 查看），再试一次。",
            "The disk of {host} is full, so a command's output can't be kept. Free some space (see df -h) and try again.",
        )
    elif "read-only" in low:
        cause = "readonly-filesystem"
        text = Text(
            "{host} 的家目录是只读的，无法执行命令。请检查文件系统（mount、dmesg）。",
            "The home folder on {host} is read-only, so nothing can run there. Check the file system (mount, dmesg).",
        )
    else:
        text = Text(
            "{host} 上无法建立工作目录 ~/.cache/zhinan：{why}",
            "On {host}, the folder ~/.cache/zhinan can't be made: {why}",
        )
    return Unusable(text.fill(host=where, why=same(why)), cause=cause)
