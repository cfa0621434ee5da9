"""What Tailscale's health lines and login errors mean to a reader, as a table of patterns: a cause's id and one clear sentence each.

The ids are those of the failure pages, so that a reason leads to its page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tui.texts import Text

_LOGIN_ERROR: Final = re.compile(r"The last login error was: (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something does not work: the cause's id, a sentence, Tailscale's own words. `blocks`: no login or connection while it lasts."""

    id: str
    say: Text
    line: str
    blocks: bool = False

    @property
    def cause(self) -> str:
        """The id of the failure page about it; "" for words that no page is about."""
        return "" if self.id in (_OTHER, _LOGIN) else self.id


_OTHER: Final = "other"
_LOGIN: Final = "login-error"


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    id: str
    say: Text
    blocks: bool = False


def _rule(pattern: str, cause: str, zh: str, en: str, *, blocks: bool = False) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), cause, Text(zh, en), blocks)


_QUIET: Final = re.compile(
    r"unstable version of Tailscale|^Tailscale is (stopped|starting)|An update from version|security update|^You are logged out\.?$",
    re.IGNORECASE,
)
"""Lines that say no more than the state itself does, or nothing that matters here."""

_RULES: Final = (
    _rule(
        r"x509: certificate has expired or is not yet valid",
        "clock-wrong",
        "证书看起来过期或还没生效：多半是这台机器的时钟不对，先校准时间（timedatectl set-ntp true）",
        "the certificate seems expired or not valid yet: this machine's clock is probably wrong; set it first (timedatectl set-ntp true)",
        blocks=True,
    ),
    _rule(
        r"x509:|tls: failed to verify|intercepted connection",
        "tls-intercepted",
        "到控制服务器的加密连接被中途换了证书：有代理或安全设备在拦截",
        "somebody on the way replaces the control server's certificate: a proxy or a security appliance intercepts the connection",
        blocks=True,
    ),
    _rule(
        r"no such host|failed to resolve|no DNS fallback candidates|server misbehaving|lookup \S+ on \S+: ",
        "control-dns-fail",
        "这台机器解析不了控制服务器的名字：先修 DNS",
        "this machine can't resolve the control server's name: mend its DNS first",
        blocks=True,
    ),
    _rule(
        r"tag\S* .*(invalid or not permitted|not permitted)",
        "tag-not-permitted",
        "要的标签没有在策略的 tagOwners 里，或者这个账号不能用它",
        "the tag asked for is not in the policy's tagOwners, or this account may not use it",
        blocks=True,
    ),
    _rule(
        r"API key does not exist|key \S* ?expired|authkey expired|auth ?key not found",
        "authkey-expired",
        "认证密钥不存在或已经过期：在管理后台新建一个",
        "the auth key does not exist or has expired: make a new one in the admin console",
        blocks=True,
    ),
    _rule(
        r"invalid key|unable to validate API key|authkey already used|not valid",
        "authkey-invalid",
        "认证密钥不对，或者已经用过了：在管理后台新建一个",
        "the auth key is wrong or was used already: make a new one in the admin console",
        blocks=True,
    ),
    _rule(
        r"node not found",
        "node-deleted",
        "这台机器已经在管理后台被删掉：退出登录后重新登录",
        "this machine was deleted in the admin console: log out and log in again",
        blocks=True,
    ),
    _rule(
        r"proxyconnect|from proxy after CONNECT|tshttpproxy",
        "proxy-bad",
        "到控制服务器的代理不能用：看 /etc/default/tailscaled 里的 HTTPS_PROXY",
        "the proxy to the control server does not work: see HTTPS_PROXY in /etc/default/tailscaled",
        blocks=True,
    ),
    _rule(
        r"network is unreachable",
        "control-net-unreachable",
        "这台机器现在连不上外网：没有到控制服务器的路由",
        "this machine has no way out to the network now: no route to the control server",
        blocks=True,
    ),
    _rule(
        r"fetch control key|coordination server|register request|connection refused|i/o timeout|context deadline exceeded",
        "control-unreachable",
        "连不上控制服务器：检查出方向 443 端口、防火墙和代理",
        "the control server can't be reached: check outbound port 443, firewalls and proxies",
        blocks=True,
    ),
    _rule(
        r"locked out",
        "tailnet-lock-unsigned",
        "这个 tailnet 开了锁（Tailnet Lock），这台机器还没有被签名",
        "this tailnet uses Tailnet Lock, and this machine has not been signed",
        blocks=True,
    ),
    _rule(
        r"could not connect to the '.*' relay server|home DERP|not connected to .*relay",
        "custom-derp-unreachable",
        "连不上自己的中继（DERP）服务器：直连还能用，中继暂时不能",
        "its home relay (DERP) can't be reached: direct paths still work, relayed ones don't for now",
    ),
    _rule(
        r"could not connect to any relay|no-derp-home",
        "derp-unreachable",
        "一个中继（DERP）服务器都连不上：检查出方向 443 端口",
        "no relay (DERP) server can be reached: check outbound port 443",
    ),
    _rule(
        r"listen for incoming UDP|UDP.*blocked",
        "udp-blocked",
        "收不了 UDP：只能走中继，会比较慢",
        "UDP does not come in: connections are relayed and slower",
    ),
    _rule(
        r"iptables|nftables|ts-input|No chain/target/match|connmark",
        "netfilter-chain-missing",
        "Tailscale 没能写好防火墙规则：重启 tailscaled 让它重建",
        "Tailscale could not set its firewall rules: restart tailscaled to make them anew",
    ),
    _rule(
        r"configured DNS servers|reach .*DNS",
        "magicdns-upstream-unreachable",
        "Tailscale 说连不上配置的 DNS 服务器（有时是误报）：看下面的网络检查",
        "Tailscale says the configured DNS servers can't be reached (sometimes a false alarm): see the network checks",
    ),
    _rule(
        r"accept-routes is false",
        "routes-not-accepted",
        "有机器发布了子网路由，这台没有接受；只用 SSH 不受影响",
        "some machines advertise routes and this one does not accept them; plain SSH is not affected",
    ),
)


def reason(line: str) -> Reason | None:
    """What one health line (or error text) means; None for a line that says nothing that matters here."""
    line = line.strip()
    if not line or _QUIET.search(line):
        return None
    login = _LOGIN_ERROR.search(line)
    words = login[1].strip() if login else line
    for rule in _RULES:
        if rule.pattern.search(words):
            return Reason(rule.id, rule.say, words, rule.blocks)
    text = (
        Text("登录出错：{words}", "the login failed: {words}") if login else Text("Tailscale 报告：{words}", "Tailscale reports: {words}")
    )
    return Reason(_LOGIN if login else _OTHER, text.fill(words=words), words, blocks=login is not None)


def reasons(lines: Iterable[str]) -> tuple[Reason, ...]:
    """The reasons in health lines, those that block first."""
    found = [each for each in map(reason, lines) if each is not None]
    return tuple(sorted(found, key=lambda each: not each.blocks))
