"""The gates' titles and sentences."""

from __future__ import annotations

from typing import Final

from tui.judge.cgnat_look import INTERNAL_DNS
from tui.texts import Text

DNS_ROWS: Final = INTERNAL_DNS

SSH: Final = Text("Tailscale SSH 能登录", "SSH over Tailscale works")
BOOT: Final = Text("tailscaled 开机自启", "tailscaled starts at boot")
EXPIRY: Final = Text("密钥不会很快过期", "the key lives on")
TRAP: Final = Text("阿里云内网仍可用", "Alibaba Cloud's internal network answers")
SECOND: Final = Text("还有第二条路能进去", "there is a second way in")
SHARED: Final = Text("受影响的其它实例", "other instances affected")
SAVED: Final = Text("旧规则已存盘", "the old rules are saved")
PLAN: Final = Text("改动已证明", "the change is proven")

NOT_TRIED: Final = Text("还没有试过从 Tailscale 新开一条 SSH 连接", "no fresh SSH login over Tailscale has been tried yet")
NOT_TAILNET: Final = Text(
    "这次登录用的是 {address}，不是 Tailscale 地址，证明不了什么",
    "this login went to {address}, which is no address of the tailnet: it proves nothing",
)
LOGGED_IN: Final = Text("刚新开连接登录了 {address}：主机密钥和启动标识都相同", "a fresh login to {address}: the same host key and boot id")
OLD: Final = Text("这是 {at} 看到的，隔得太久，要再看一次", "seen at {at}, too long ago: look again")
BOOT_UNSEEN: Final = Text("没能查到 tailscaled 是否开机自启", "it could not be seen whether tailscaled starts at boot")
NOT_ENABLED: Final = Text(
    "tailscaled 没有设为开机自启：服务器一重启就进不去了（sudo systemctl enable tailscaled）",
    "tailscaled does not start at boot: after a reboot nobody gets in (sudo systemctl enable tailscaled)",
)
NOT_RESTARTED: Final = Text("已设为开机自启，但还没有重启服务试过", "it starts at boot, but no restart has been tried yet")
NOT_BACK: Final = Text("{at} 重启之后还没有从 Tailscale 重新登录过", "no login over Tailscale since the restart at {at}")
BACK: Final = Text("重启服务后 {seconds} 秒就能重新登录", "{seconds} s after a restart of the service, a login worked again")
EXPIRY_UNSEEN: Final = Text("还没有查过密钥什么时候过期", "nobody has looked yet when the key expires")
TRAP_UNSEEN: Final = Text(
    "登录 Tailscale 之后还没有检查过阿里云内网", "the internal network has not been checked since the login to Tailscale"
)
TRAP_DEAD: Final = Text(
    "实例元数据或云助手没有回应：关掉公网 SSH 后，云助手是你的退路",
    "instance metadata or Cloud Assistant does not answer: with public SSH closed, Cloud Assistant is your way back",
)
TRAP_PARTLY: Final = Text(
    "内网 DNS、实例元数据、云助手没有都查到，不能断定",
    "internal DNS, instance metadata and Cloud Assistant were not all looked at: it can't be told",
)
TRAP_MENDED: Final = Text(
    "登录 Tailscale {seconds} 秒后，内网 DNS、实例元数据、云助手都有回应",
    "{seconds} s after the login to Tailscale, internal DNS, instance metadata and Cloud Assistant all answer",
)
TOO_EARLY: Final = Text(
    "离登录 Tailscale 还不到 {seconds} 秒，问题可能还没显出来：等一下再查",
    "less than {seconds} s since the login to Tailscale, and a problem may not show yet: wait, then look again",
)
SECOND_UNSEEN: Final = Text(
    "除了 SSH，还没有试过别的办法：用云助手回一句话，或者自己在控制台试一次“会话管理”或 VNC",
    "no way but SSH has been tried yet: an echo through Cloud Assistant, or try Session Manager or VNC in the console yourself",
)
NO_ECHO: Final = Text("云助手没有把话带回来：{why}", "Cloud Assistant did not bring the word back: {why}")
ECHO: Final = Text(
    "云助手在服务器上执行了命令并带回结果（{seconds} 秒）", "Cloud Assistant ran a command on the server and brought it back ({seconds} s)"
)
BY_HAND: Final = Text(
    "你刚从{way}进去过，带回的代码和这台服务器的对得上",
    "you have just been in by {way}: the code you brought back is this server's",
)
SHARED_UNSEEN: Final = Text("还没有查到哪些实例也用这个安全组", "it is not known yet which other instances use the group")
SHARED_WITH: Final = Text(
    "{names} 也用这个安全组，它们的公网 SSH 会一起关上：同意，或者先给这台换一个安全组",
    "{names} use the group as well, and their public SSH closes with it: agree, or give this instance a group of its own first",
)
ACCEPTED: Final = Text("你同意 {names} 的公网 SSH 一起关上", "you agreed that public SSH closes for {names} as well")
ALONE: Final = Text("要改的安全组只有这台实例在用", "no other instance uses the groups that change")
NOT_SAVED: Final = Text("旧规则还没有存到本机", "the old rules are not saved on this computer yet")
SAVED_WRONG: Final = Text("{path} 里的规则和现在的不一样", "the rules in {path} are not the ones there are now")
SAVED_AT: Final = Text("旧规则存在 {path}，读回来一字不差", "the old rules are in {path}, and read back the same")
NO_PLAN: Final = Text("还没有算出要改哪些规则", "the change has not been planned yet")
PLANNED: Final = Text(
    "{count} 处改动：端口 {port} 对公网关上，其它端口不变（按规则逐条算过）",
    "{count} changes: port {port} closes to the internet, every other port stays as it is (computed rule by rule)",
)
OPEN: Final = Text("每一道关都过了", "every gate is open")
OPEN_BY_WORDS: Final = Text("可以继续；其中 {count} 道关是你自己打开的", "it may go on; {count} of the gates you opened yourself")
SHUT: Final = Text("还不能关公网 SSH，还没做到的有：{gates}", "public SSH can't be closed yet; not proven: {gates}")
MISSING: Final = Text("还有关没有检查", "some gates have not been checked")
