"""A machine without /dev/net/tun: what can be done about it there, in the order to try, each way with its command and its price.

Nothing here does any of it. The last way changes what the machine can do in its tailnet, so it is the reader's to choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Way:
    """What to do, and the command for it ("" where it is not done on that machine)."""

    say: Text
    command: str = ""


LOAD: Final = "sudo modprobe tun && echo tun | sudo tee /etc/modules-load.d/tun.conf && sudo systemctl restart tailscaled"
USERSPACE: Final = "echo 'FLAGS=\"--tun=userspace-networking\"' | sudo tee -a /etc/default/tailscaled && sudo systemctl restart tailscaled"
PRICE: Final = Text(
    "别的机器照样能经 100.x 连进来，SSH 也行；但这台机器自己的程序连不到 tailnet（除非走 tailscaled 的代理），机器名解析不了，也慢一些",
    "other machines still reach it by 100.x, SSH included; but its own programs do not reach the tailnet (unless through tailscaled's "
    "proxy), names do not resolve, and it is slower",
)
_LAST: Final = Text(
    "都不行时的最后办法是用户态网络，不要内核网卡。代价：{price}。想退回就从 /etc/default/tailscaled 里删掉这一行再重启 tailscaled",
    "if nothing helps, the last way is userspace networking, without a network device. Its price: {price}. To go back, remove that line "
    "from /etc/default/tailscaled and restart tailscaled",
)
_BY_HOST: Final = {
    "docker": Text(
        "这是 Docker 容器：用 --device=/dev/net/tun --cap-add=NET_ADMIN 重新创建它",
        "this is a Docker container: create it anew with --device=/dev/net/tun --cap-add=NET_ADMIN",
    ),
    "lxc": Text(
        "这是 LXC 容器：在宿主机上给它的配置加 lxc.cgroup2.devices.allow: c 10:200 rwm 和 "
        "lxc.mount.entry: /dev/net/tun dev/net/tun none bind,create=file，再重启容器",
        "this is an LXC container: on its host add lxc.cgroup2.devices.allow: c 10:200 rwm and "
        "lxc.mount.entry: /dev/net/tun dev/net/tun none bind,create=file to its configuration, then restart it",
    ),
    "openvz": Text(
        "这是 OpenVZ 容器：在服务商的面板里打开 TUN/TAP，或请服务商打开",
        "this is an OpenVZ container: switch TUN/TAP on in the provider's panel, or have the provider do it",
    ),
}
_ANY_HOST: Final = Text(
    "这是容器（{kind}）：让宿主机把 /dev/net/tun 设备和 NET_ADMIN 权限交给它",
    "this is a container ({kind}): its host must give it the device /dev/net/tun and the right NET_ADMIN",
)
_LOAD: Final = Text("装上内核的 tun 模块，以后开机也装上", "load the kernel's tun module, now and at every boot")
_NO_MODULE: Final = Text(
    "内核里没有 tun 模块：换回发行版自带的内核，或换一台完整的虚拟机（ECS 都有）",
    "the kernel has no tun module: go back to the distribution's own kernel, or use a full virtual machine (ECS servers have it)",
)
_SENTENCE: Final = Text(
    "这台机器没有 /dev/net/tun，tailscaled 没有网卡可用。{first}；还不行，最后的办法和它的代价写在日志里",
    "there is no /dev/net/tun on this machine, so tailscaled has no network device. {first}; if that does not help, the last way and its "
    "price are in the log",
)


def ways(container: str, module: bool | None) -> tuple[Way, ...]:
    """What to try, in order.

    `container` is systemd's word for the kind of container ("" or `none` for a machine of its own), `module` whether its kernel has the
    module (None: could not look).
    """
    if container not in ("", "none"):
        kind = container.partition("-")[0]
        first = Way(_BY_HOST.get(kind, _ANY_HOST.fill(kind=container)))
    else:
        first = Way(_NO_MODULE) if module is False else Way(_LOAD, LOAD)
    return first, Way(_LAST.fill(price=PRICE), USERSPACE)


def sentence(found: tuple[Way, ...]) -> Text:
    """What is wrong and the first thing to try, in one sentence."""
    first = found[0]
    run = Text("{say}：运行 {command}", "{say}: run {command}").fill(say=first.say, command=first.command) if first.command else first.say
    return _SENTENCE.fill(first=run)
