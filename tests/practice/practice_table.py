"""What commands say, in order, on two hosts that start without Tailscale: the practice world and the lab must both agree.

`out` and `err` are searched for as patterns (an empty one means: nothing at all on that stream). `login` rows wait for their link to be
opened by whoever walks the table; what a row with `keep` prints is known to the rows after it. `needs` names what a place may lack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tui.act.tailscale import HOST
from tui.judge.cgnat import PROBE
from tui.judge.install import SYSTEM
from tui.judge.local_probe import POSIX
from tui.judge.ssh_proof import KEYS, read_server, script

ANY = "(?s).*"
IP4 = r"100\.\d+\.\d+\.\d+"


@dataclass(frozen=True)
class Row:
    command: str | Callable[[Mapping[str, str]], str]
    out: str = ""
    err: str = ""
    code: int | tuple[int, ...] = 0
    on: str = "ecs"
    login: bool = False
    needs: str = ""
    keep: str = ""

    def words(self, known: Mapping[str, str]) -> str:
        """The command for a shell that knows what was kept."""
        if not isinstance(self.command, str):
            return self.command(known)
        return "".join(f"{name}={value}; " for name, value in known.items() if f"${name}" in self.command) + self.command


def says(*lines: str) -> str:
    """A pattern for an output that has all these lines, in any order."""
    return "(?s)^" + "".join(rf"(?=(?:.*\n)?{line}(?:\n|$))" for line in lines)


def differences(row: Row, out: str, err: str, code: int | None) -> list[str]:
    """What is different from what the row says, one line each; nothing where all is as it says."""
    found = []
    for name, pattern, text in (("stdout", row.out, out.strip("\n")), ("stderr", row.err, err.strip("\n"))):
        if (text and not pattern) or (pattern and not re.search(pattern, text)):
            found.append(f"{name}: wanted {pattern!r}, got {text!r}")
    if code not in (row.code if isinstance(row.code, tuple) else (row.code,)):
        found.append(f"exit code: wanted {row.code}, got {code}")
    return [f"[{row.on}] {row.command}: {words}" for words in found]


def fresh_login(known: Mapping[str, str]) -> str:
    """The proof's own script: a new login that accepts the server's keys and no others."""
    return script(read_server(known["KEYS"]), known["ECS_USER"], known["ECS_IP"], windows=False)


RULE = r"-A ts-input -s 100\.64\.0\.0/10 ! -i tailscale0 -c {packets} \d+ -j DROP"
DEAD = (
    *(rf"@row dns:{server} {server} fail \d+ 0/3" for server in (r"100\.100\.2\.136", r"100\.100\.2\.138")),
    r"@row dns:223\.5\.5\.5 223\.5\.5\.5 pass \d+ 3/3",
    r"@row resolver - fail \d+ mirrors\.cloud\.aliyuncs\.com: no address",
    r"@start metadata 100\.100\.100\.200",
    r"@start mirror 100\.100\.2\.148",
    "@done",
)
ALIVE = (
    *(rf"@row dns:{server} {server} pass \d+ 3/3" for server in (r"100\.100\.2\.136", r"100\.100\.2\.138", r"223\.5\.5\.5")),
    r"@row resolver - pass \d+ mirrors\.cloud\.aliyuncs\.com 100\.100\.2\.148",
    r"@row metadata 100\.100\.100\.200 pass \d+ HTTP/1\.0 200 OK",
    r"@row mirror 100\.100\.2\.148 pass \d+ HTTP/1\.0 200 OK",
    r"@row assistant cn-hangzhou\.axt\.aliyun\.com pass \d+ 100\.100\.45\.106:443 open",
    "@fact region cn-hangzhou",
    r"@fact nameservers (?:.* )?100\.100\.2\.136 100\.100\.2\.138",
    "@fact systemd yes",
    r"@fact ssh \S+ \d+ \S+ 22",
    r"@fact rp_filter all \d",
    "@done",
)
QUIET = r"^(?:# Warning: iptables-legacy tables present, use iptables-legacy to see them)?$"
NO_CHAIN = r"chain `ts-input' in table `filter' is incompatible, use 'nft' tool\.$"
WRONG_FLAGS = r"Error: changing settings via 'tailscale up' requires mentioning all\nnon-default flags\."

ROWS = (
    # nothing is installed yet
    Row("tailscale version", err="tailscale: command not found", code=127),
    Row("systemctl is-active tailscaled", out="^inactive$", code=(3, 4), needs="not-installed"),
    Row("command -v apt-get", out="/apt-get$"),
    Row("apt-get install -y tailscale", out=ANY, err="are you root\\?", code=100, needs="ordinary user"),
    # what the actions look at, on a bare host
    Row(HOST, out=says(r"uid=\d+", r"ssh=\S+ \d+ \S+ 22", r"now=\d{10}", r"sudo=/\S+/sudo", "tailscale=", "tun=yes", "active=inactive")),
    Row(SYSTEM, out=says("kernel=Linux", r"machine=\w+", "tools=apt-get curl (?:wget )?tar ", "systemd=yes", "ID=\\w+")),
    Row(POSIX, out=says("system=Linux", r"arch=\w+", "tool=ssh"), on="local", err=ANY),
    Row(KEYS, out=says("port=22", r"boot=\S+", r"key=ssh-ed25519 AAAA\S+(?: \S+)?"), keep="KEYS"),
    Row(PROBE, out=says(*ALIVE)),
    # the vendor's installer
    Row(
        "curl -fsSL https://tailscale.com/install.sh | sh",
        out=r"(?s)^Installing Tailscale for \S+ \S+, using method apt\n.*Installation complete! Log in to start using Tailscale by",
        err=r"(?m)^\+ (sudo )?apt-get install -y tailscale tailscale-archive-keyring$",
        needs="installer",
    ),
    Row("dpkg-query -W tailscale", out=r"^tailscale\t1\.\d+\.\d+$", needs="installer"),
    Row("tailscale version", out=r"^\d+\.\d+\.\d+"),
    Row(HOST, out=says(r"tailscale=/\S+/tailscale", "active=active", "enabled=enabled")),
    Row("systemctl is-active tailscaled", out="^active$"),
    Row("systemctl is-enabled tailscaled", out="^enabled$"),
    Row(
        "systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState -- tailscaled.service",
        out="^LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled$",
    ),
    Row("systemctl show -p LoadState -- nonsense.service", out="^LoadState=not-found$"),
    Row("systemctl status tailscaled", out=r"(?s)tailscaled\.service - Tailscale node agent.*Active: active \(running\)"),
    Row(
        "systemctl start nonsense",
        err=r"^Failed to start nonsense\.service: (?:Interactive authentication required|Access denied)",
        code=(1, 4),
        needs="ordinary user",
    ),
    Row("sudo systemctl start nonsense", err=r"Failed to start nonsense\.service: Unit nonsense\.service not found\.", code=5),
    # before the login
    Row("tailscale status", out=r"^Logged out\.$", code=1),
    Row("tailscale ip -4", err=r"^no current Tailscale IPs; state: NeedsLogin$", code=1),
    Row("tailscale status --json", out=r'"BackendState": "NeedsLogin"'),
    Row("tailscale whois 100.64.0.99", err="^peer not found$", code=1),
    Row("tailscale nonsense", err="^tailscale: unknown subcommand: nonsense$", code=1),
    Row("tailscale up", err=r"^Access denied: .*\n\nUse 'sudo tailscale", code=1, needs="ordinary user"),
    Row("sudo tailscale up --bogus", err="^flag provided but not defined: -bogus", code=2),
    Row("sudo tailscale up extra", err=r'^too many non-flag arguments: \["extra"\]$', code=1),
    Row("sudo tailscale up --auth-key=file:/nonexistent --timeout=5s", err="^open /nonexistent: no such file or directory$", code=1),
    Row("sudo tailscale up --auth-key=tskey-bad --timeout=5s", err="^backend error: ", code=1),
    Row(
        "sudo tailscale up --timeout=1s",
        err=r"^To authenticate, visit:\n\n\thttps?://\S+\n\n+timeout waiting for Tailscale service to enter a Running state; "
        r'check health with "tailscale status"$',
        code=1,
    ),
    Row("tailscale status", out=r"^Logged out\.\nLog in at: https?://\S+$", code=1),
    # logging in
    Row("sudo tailscale up --timeout=60s", err=r"^To authenticate, visit:\n\n\thttps?://\S+\n\n+Success\.$", login=True),
    Row("tailscale status", out=rf"^{IP4}\s+\S+\s+\S+\s+linux\s+-"),
    Row("tailscale ip -4", out=f"^{IP4}$", keep="ECS_IP"),
    Row(PROBE, out=says(*DEAD, RULE.format(packets=r"[1-9]\d*"), r"-A INPUT -c \d+ \d+ -j ts-input")),
    Row("tailscale status --json", out=r'(?s)"BackendState": "Running".*"HaveNodeKey": true'),
    Row("tailscale debug prefs", out='"WantRunning": true'),
    Row("sudo tailscale up"),
    Row("sudo tailscale up --json"),
    Row("sudo tailscale set --accept-dns=false"),
    Row("sudo tailscale up --hostname=other", err=rf"(?s)^{WRONG_FLAGS}.*\n\ttailscale up --hostname=other --accept-dns=false", code=1),
    Row("sudo tailscale set --netfilter-mode=bogus", err='^invalid value --netfilter-mode="bogus"$', code=1),
    Row(
        "sudo tailscale set --netfilter-mode=nodivert", out="^Warning: netfilter=nodivert; add iptables calls to ts-\\* chains manually\\.$"
    ),
    Row("sudo iptables -S", out=says(r"-N ts-input", RULE.format(packets=0).replace(r" -c 0 \d+", "")), err=QUIET),
    Row(PROBE, out=says(*ALIVE)),
    Row("sudo tailscale set --netfilter-mode=off", out="^Warning: netfilter=off; configure iptables yourself\\.$"),
    Row("sudo iptables -S ts-input", err=NO_CHAIN, code=1),
    Row(PROBE, out=says(*ALIVE)),
    Row("sudo tailscale set --netfilter-mode=on"),
    Row("sudo iptables -v -S ts-input", out=says(RULE.format(packets=r"\d+")), err=QUIET),
    Row(PROBE, out=says(*DEAD, RULE.format(packets=r"[1-9]\d*"))),
    Row("sudo systemctl restart tailscaled"),
    Row("tailscale wait --timeout=20s"),
    Row("sudo iptables -v -S ts-input", out=says(RULE.format(packets=r"\d+")), err=QUIET),
    Row("sudo iptables -S ts-input", out=r"(?m)^-A ts-input -s 100\.64\.0\.0/10 ! -i tailscale0 -j DROP$", err=QUIET),
    Row("tailscale netcheck", out=r"(?s)Report:.*\* UDP: true.*Nearest DERP:"),
    Row("tailscale netcheck --format=json", out='"PreferredDERP": ', err="^# Warning: this JSON format is not yet considered a stable"),
    # stopped, and back
    Row("sudo tailscale down"),
    Row("sudo iptables -S ts-input", err=NO_CHAIN, code=1),
    Row(PROBE, out=says(*ALIVE)),
    Row("tailscale status", out=r"^Tailscale is stopped\.$", code=1),
    Row("tailscale ip -4", out=f"^{IP4}$"),
    Row("sudo tailscale up"),
    Row("tailscale status", out=rf"^{IP4}\s"),
    # the other computer joins
    Row("curl -fsSL https://tailscale.com/install.sh | sh", out="Installation complete!", err=ANY, on="local", needs="installer there"),
    Row("sudo tailscale up --json --timeout=60s", out=r'(?s)"AuthURL": "https?://.*"BackendState": "Running"', on="local", login=True),
    Row("tailscale status", out=rf"(?s)^{IP4}\s.*\n{IP4}\s", on="local"),
    Row("tailscale ping --until-direct=false -c 2 $ECS_IP", out=r"(?m)^pong from \S+ \(100\.[\d.]+\) via \S+ in \d+ms$", on="local"),
    Row("tailscale ping -c 1 100.64.99.99", err="^no matching peer$", code=1, on="local"),
    Row("tailscale whois $ECS_IP", out=r"(?s)^Machine:\n  Name:.*User:\n  Name:", on="local"),
    Row("ssh -o BatchMode=yes $ECS_USER@$ECS_IP true", err="Host key verification failed\\.$", code=255, on="local"),
    Row(
        "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new $ECS_USER@$ECS_IP 'echo $SSH_CONNECTION'",
        out=rf"^{IP4} \d+ {IP4} 22$",
        err=r"^Warning: Permanently added '100\.[\d.]+' \(ED25519\) to the list of known hosts\.$",
        on="local",
    ),
    Row("ssh -o BatchMode=yes $ECS_USER@$ECS_IP 'exit 7'", code=7, on="local"),
    Row(fresh_login, out=r"^zhinan-boot=\S*$", on="local"),
    Row(POSIX, out=says("system=Linux", r"cli=/\S+/tailscale"), on="local", err=ANY),
    # the service goes away
    Row("sudo systemctl stop tailscaled"),
    Row("systemctl is-active tailscaled", out="^inactive$", code=3),
    Row("tailscale status", err=r"^failed to connect to local tailscaled; it doesn't appear to be running", code=1),
    Row("sudo systemctl disable --now tailscaled", err="Removed "),
    Row("systemctl is-enabled tailscaled", out="^disabled$", code=1),
    Row("sudo systemctl enable --now tailscaled", err="Created symlink "),
    Row("tailscale wait --timeout=20s"),
    Row("tailscale status --json", out='"BackendState": "Running"'),
    Row("sudo tailscale logout"),
    Row("tailscale status", out=r"^Logged out\.", code=1),
    Row("sudo apt-get purge -y tailscale", out="Removing tailscale", needs="installer"),
    Row("tailscale version", err="tailscale: command not found", code=127, needs="installer"),
)
