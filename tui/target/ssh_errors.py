"""Foreign errors of a connection attempt, each turned once into its own sentence and class."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from tui.errors import Refused, TargetError, Unreachable
from tui.target.ssh_config import Host
from tui.texts import Text, same

_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}


def connecting(error: Exception, host: Host) -> TargetError:
    """The error for a TCP connection, or one through a jump host, that did not come about."""
    from paramiko.ssh_exception import ChannelException

    where = {"host": f"{host.name}:{host.port}"}
    if isinstance(error, ChannelException):
        return _through_jump(error, where)
    if isinstance(error, socket.gaierror | UnicodeError):
        return Unreachable(
            Text(
                "找不到主机 {host}：名字无法解析。请检查拼写和网络（DNS）。",
                "The host {host} can't be found: its name is not known. Check the spelling and the network (DNS).",
            ).fill(**where)
        )
    if isinstance(error, ConnectionRefusedError):
        return Refused(
            Text(
                "{host} 拒绝连接：主机在，但这个端口没有 SSH 服务在听。请检查端口和 sshd 是否运行。",
                "{host} refused the connection: the host is there, but no SSH server listens on this port. Check the port and sshd.",
            ).fill(**where)
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            Text(
                "{host} 没有回应（超时）。常见原因：安全组没有放行这个端口或你现在的公网 IP、服务器关机、地址写错。",
                "{host} does not answer (timed out). Usual reasons: the security group lets neither this port nor your present public IP "
                "in, the server is off, the address is wrong.",
            ).fill(**where)
        )
    if isinstance(error, OSError) and error.errno in _NO_ROUTE:
        return Unreachable(
            Text(
                "没有到 {host} 的路由。请检查本机网络、VPN 或 Tailscale。",
                "There is no route to {host}. Check your network, VPN or Tailscale.",
            ).fill(**where)
        )
    return Unreachable(
        Text("连不上 {host}：{why}", "{host} can't be reached: {why}").fill(why=same(str(error) or type(error).__name__), **where)
    )


def negotiating(error: Exception, host: Host, said: str = "") -> TargetError:
    """The error for a connection that stood, but on which no SSH session came about. `said` is what a proxy command wrote."""
    from paramiko.ssh_exception import IncompatiblePeer

    where = {"host": f"{host.name}:{host.port}"}
    if isinstance(error, IncompatiblePeer):
        return Refused(
            Text(
                "和 {host} 谈不拢加密算法：服务器太旧，或设置限制了算法。{why}",
                "No common algorithm with {host}: the server is too old, or settings restrict it. {why}",
            ).fill(why=same(str(error)), **where)
        )
    if host.proxy_command and said:
        return Unreachable(
            Text("ProxyCommand 没有连上 {host}：{said}", "The ProxyCommand did not reach {host}: {said}").fill(said=same(said), **where)
        )
    if isinstance(error.__context__, TimeoutError):  # while waiting for the server's first line
        return Unreachable(
            Text("{host} 接受了连接却不说话（超时）。", "{host} took the connection but says nothing (timed out).").fill(**where)
        )
    if isinstance(error, TimeoutError):
        return Unreachable(Text("和 {host} 协商加密时超时。", "Negotiating with {host} timed out.").fill(**where))
    return Refused(
        Text(
            "{host} 接受连接后马上关闭了它。常见原因：fail2ban 封了你的 IP、连接太多（MaxStartups）、hosts.deny，或那个端口不是 SSH。",
            "{host} took the connection and closed it at once. Usual reasons: fail2ban banned your IP, too many connections (MaxStartups), "
            "hosts.deny, or that port is not SSH.",
        ).fill(**where)
    )


def denied(host: Host, accepted: Iterable[str], tried: Iterable[str], skipped: Iterable[str] = ()) -> Refused:
    """Logging in failed: what the server accepts, what was tried, and which keys could not be used."""
    methods, attempts, left = ", ".join(accepted), ", ".join(tried), "; ".join(skipped)
    text = Text(
        "{host} 拒绝登录。服务器接受的方式：{methods}；试过：{attempts}。请检查用户名，以及公钥是否已加到服务器。",
        "{host} denied the login. It accepts: {methods}; tried: {attempts}. Check the user name, and that your public key is there.",
    ).fill(host=host, methods=methods or "-", attempts=attempts or "-")
    if left:
        text = Text(f"{text.zh}没有用上的密钥：{left}。", f"{text.en} Keys that could not be used: {left}.")
    return Refused(text)


def dropped(host: Host) -> Refused:
    """The server ended the connection while logging in."""
    return Refused(
        Text(
            "{host} 在登录时断开了连接。常见原因：试的密钥太多（在 ~/.ssh/config 里设 IdentitiesOnly yes 和 IdentityFile）、登录太慢。",
            "{host} closed the connection during login. Usual reasons: too many keys were tried (set IdentitiesOnly yes and IdentityFile "
            "in ~/.ssh/config), or logging in took too long.",
        ).fill(host=host)
    )


def _through_jump(error: Exception, where: dict[str, str]) -> TargetError:
    code = getattr(error, "code", 0)
    if code == 1:
        return Refused(
            Text(
                "跳板机不允许转发到 {host}（AllowTcpForwarding）。", "The jump host does not forward to {host} (AllowTcpForwarding)."
            ).fill(**where)
        )
    return Unreachable(Text("跳板机连不上 {host}：{why}", "The jump host can't reach {host}: {why}").fill(why=same(str(error)), **where))
