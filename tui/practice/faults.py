"""What can go wrong on purpose in a practice world, so that a reader meets a failure before it matters."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tui.errors import UsageError
from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the practice server. `name` is its failure page's id, if it has one; `say` tells what happens, `mend` what ends it."""

    name: str
    say: Text
    mend: Text


def _fault(name: str, say: Text, mend: Text) -> tuple[str, Fault]:
    return name, Fault(name, say, mend)


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    dict(
        (
            _fault(
                "apt-lock-held",
                Text(
                    "服务器正在自动更新，占着 apt 的锁：直接运行安装命令会失败，安装动作会等它做完",
                    "the server is updating itself and holds apt's lock: a bare install command fails, the install action waits for it",
                ),
                Text("等自动更新结束，再运行一次", "wait until the update has ended, then run it again"),
            ),
            _fault(
                "dns-resolve-failure",
                Text("服务器的域名解析坏了，什么也下载不了", "the server can't look up names, so nothing can be downloaded"),
                Text("在 /etc/resolv.conf 里写上能用的 DNS 服务器", "put a working name server into /etc/resolv.conf"),
            ),
            _fault(
                "disk-full",
                Text("服务器的磁盘满了，软件包解不开", "the server's disk is full, so the package can't be unpacked"),
                Text("用 apt-get clean 或清理日志腾出空间", "make room with apt-get clean or by clearing the logs"),
            ),
            _fault(
                "tun-missing",
                Text("服务器没有 /dev/net/tun，tailscaled 启动不了", "the server has no /dev/net/tun, so tailscaled can't start"),
                Text(
                    "用 mknod 建好这个设备，或让 tailscaled 用 userspace 模式，再启动服务",
                    "make the device with mknod, or let tailscaled use userspace mode, then start the service",
                ),
            ),
            _fault(
                "tailscaled-not-running",
                Text(
                    "服务器上以前装过 Tailscale，但服务停着，开机也不启动",
                    "Tailscale was installed on the server before, but its service is stopped and does not start at boot",
                ),
                Text("sudo systemctl enable --now tailscaled", "sudo systemctl enable --now tailscaled"),
            ),
            _fault(
                "node-key-expired",
                Text("服务器半年前登录过 Tailscale，登录已经到期", "the server logged in half a year ago, and that login has expired"),
                Text("再登录一次：sudo tailscale up", "log in once more: sudo tailscale up"),
            ),
            _fault(
                "old-tailscale",
                Text(
                    "服务器上的 Tailscale 是旧版本，不认识解决网段冲突的节点属性",
                    "the server's Tailscale is old and does not know the node attribute that ends the collision of addresses",
                ),
                Text("sudo tailscale update，或者换别的处理办法", "sudo tailscale update, or another way out"),
            ),
            _fault(
                "assistant-offline",
                Text(
                    "云助手不在线：关公网 SSH 之前，要你亲自从控制台进去一次来证明还有第二条路",
                    "Cloud Assistant is offline: before public SSH closes you prove the second way in yourself, through the console",
                ),
                Text(
                    "在这台电脑上另开一个终端窗口当作会话管理，执行它给的命令，把代码输回来",
                    "take another terminal window on this computer for Session Manager, run its command there, and type the code",
                ),
            ),
            _fault(
                "tailnet-dies-after-close",
                Text(
                    "公网 SSH 一关上，隧道就断了：旧规则自己恢复（只有第一次）",
                    "as soon as public SSH is closed the tunnel dies: the old rules come back by themselves (the first time only)",
                ),
                Text("旧规则恢复后隧道也恢复，再执行一次第5步", "with the old rules back the tunnel is back, too: do step 5 once more"),
            ),
            _fault(
                "api-dies-on-way-back",
                Text(
                    "隧道断了，恢复旧规则时阿里云的接口又连不上一阵子：程序一直再试，红字给出在控制台怎么恢复",
                    "the tunnel dies, and on the way back Alibaba Cloud's interface is gone for a while: it is tried again and again, "
                    "and red words say how to do it in the console",
                ),
                Text(
                    "等接口回来，旧规则自己恢复；再执行一次第5步",
                    "wait: once the interface is back the old rules are, too; do step 5 once more",
                ),
            ),
        )
    )
)


def chosen(names: Iterable[str]) -> tuple[Fault, ...]:
    """The faults of those names, each once. An unknown name is a `UsageError` that names the nearest one."""
    found: dict[str, Fault] = {}
    for name in names:
        fault = FAULTS.get(name)
        if fault is None:
            raise UsageError(_unknown(name))
        found[name] = fault
    return tuple(found.values())


def _unknown(name: str) -> Text:
    near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.5)
    if near:
        text = Text("没有叫“{name}”的练习故障，是不是“{near}”？", "there is no practice fault “{name}”; did you mean “{near}”?")
        return text.fill(name=name, near=near[0])
    text = Text("没有叫“{name}”的练习故障。有的是：{all}", "there is no practice fault “{name}”. There are: {all}")
    return text.fill(name=name, all=", ".join(FAULTS))
