"""What a server's firewall does with packets from 100.64.0.0/10, read from the outputs of iptables, nft, ufw and firewalld.

Tailscale writes its rules through iptables, or as nftables rules of its own where iptables is missing, and either may be seen with either
tool, or with none. Whether the rules could be read is part of the answer: rules nobody could read are not rules that are not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from tui.judge.cgnat_probe import Part, Raw

CGNAT: Final = "100.64.0.0/10"


@dataclass(frozen=True, slots=True)
class Rule:
    """Tailscale's rule for 100.64.0.0/10 on other cards. `packets` is its counter, `line` the rule as told.

    `first` says that it stands before the rule that lets tailscale0 in, as versions before 1.98 have it.
    """

    action: Literal["DROP", "RETURN"]
    packets: int
    line: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """The part of the firewall that decides.

    `read` is False where no tool could tell (`why` says what was said). `rule` is None where Tailscale has none. `jump` is the place of the
    jump to ts-input among the rules of INPUT, from 1; None where there is none: then nothing of ts-input is ever asked. `before` are the
    rules in INPUT that stand above it. `by` is the tool that told.
    """

    read: bool = False
    why: str = ""
    rule: Rule | None = None
    jump: int | None = None
    before: tuple[str, ...] = ()
    by: str = ""

    @property
    def drops(self) -> bool:
        """Whether packets from the range are dropped: a DROP rule that is reached."""
        return self.rule is not None and self.rule.action == "DROP" and self.jump is not None


HostKind = Literal["none", "ufw", "firewalld", "iptables", "nftables", "unknown"]


@dataclass(frozen=True, slots=True)
class HostFirewall:
    """The host's own firewall, apart from Tailscale's rules.

    `kind` says who keeps it: `none` lets everything in that the security group lets in; `iptables` and `nftables` are rules of the
    host's own that deny by default. `chain` is the family, table and chain of nftables where that denies. `card` and `port` say that
    tailscale0 and UDP 41641 are let in already; `zone` is firewalld's zone of tailscale0.
    """

    kind: HostKind = "unknown"
    chain: str = ""
    card: bool = False
    port: bool = False
    zone: str = ""

    @property
    def denies(self) -> bool:
        """Whether something must let tailscale0 in once Tailscale's own rules are gone. True where nobody could tell."""
        return self.kind != "none"


def read_filter(raw: Raw, when: Literal["before", "after"] = "after") -> Filter:
    """The rules as they were before or after the questions of the same look."""
    seen = [_iptables(part, tool) for tool in ("iptables", "legacy") if (part := raw.parts.get(f"{tool}.{when}"))]
    if part := raw.parts.get(f"nft.{when}"):
        seen.append(_nft(part, raw.parts.get("ruleset")))
    if any(each.read and each.by == "nft" for each in seen):  # it sees all that iptables can't show of these very tables
        seen = [each for each in seen if "incompatible" not in each.why]
    if not seen:
        return Filter(why="no iptables, no nft")
    with_rule = next((each for each in seen if each.rule and each.jump), None) or next((each for each in seen if each.rule), None)
    unread = next((each for each in seen if not each.read), None)
    return with_rule or unread or seen[0]


_COUNTED: Final = re.compile(r" -c (\d+) \d+")


def _iptables(part: Part, tool: str) -> Filter:
    lines = [line for line in part.text.splitlines() if line.startswith("-")]
    if part.code != 0 or not any(line.startswith("-P INPUT") for line in lines):
        said = next((line for line in part.text.splitlines() if line.strip() and not line.startswith("#")), "")
        return Filter(why=said or f"exit code {part.code}", by=tool)
    entrance = [line for line in lines if line.startswith("-A INPUT ")]
    chain = [line for line in lines if line.startswith("-A ts-input ")]
    jump = next((n for n, line in enumerate(entrance, 1) if re.search(r" -j ts-input(?: |$)", line)), None)
    above = tuple(_COUNTED.sub("", line) for line in entrance[: (jump or 1) - 1])
    accepted = next((n for n, line in enumerate(chain) if re.search(r"(?<!! )-i tailscale0\b.* -j ACCEPT", line)), len(chain))
    for n, line in enumerate(chain):
        action = re.search(r" -j (DROP|RETURN)\b", line)
        if action and re.search(rf" -s {re.escape(CGNAT)}(?: |$)", line) and "! -i tailscale0" in line:
            counted = _COUNTED.search(line)
            word: Literal["DROP", "RETURN"] = "DROP" if action[1] == "DROP" else "RETURN"
            rule = Rule(word, int(counted[1]) if counted else 0, _COUNTED.sub("", line), n < accepted)
            return Filter(read=True, rule=rule, jump=jump, before=above, by=tool)
    return Filter(read=True, jump=jump, before=above, by=tool)


_NFT_RULE: Final = re.compile(
    r"^(?=.*\bip saddr 100\.64\.0\.0/10\b)(?=.*\biifname != \"tailscale0\*?\")"
    r"(?:.*\bcounter packets (?P<packets>\d+) bytes \d+)?.*\b(?P<action>drop|return)\b"
)
_NFT_DENIES: Final = re.compile(r"(?:counter (?:packets \d+ bytes \d+ )?)?(?:drop|reject\b.*)")
_NFT_PORT: Final = re.compile(r"\budp dport 41641\b.*\baccept\b")
_NFT_CARD: Final = re.compile(r"iifname \"tailscale0\*?\".*\baccept\b")


def _nft(part: Part, ruleset: Part | None) -> Filter:
    if part.code != 0:
        missing = "No such file or directory" in part.text
        return Filter(read=missing, why="" if missing else _said(part), by="nft")
    lines = [line.strip() for line in part.text.splitlines()]
    entrance = _chain(ruleset.text if ruleset else "", "ip filter", "INPUT")
    jump = next((n for n, line in enumerate(entrance, 1) if re.search(r"\b(?:jump|goto) ts-input\b", line)), None)
    if ruleset is None or ruleset.code != 0:
        return Filter(why=_said(ruleset) if ruleset else "ruleset not read", by="nft")
    accepted = next((n for n, line in enumerate(lines) if _NFT_CARD.match(line)), len(lines))
    for n, line in enumerate(lines):
        if found := _NFT_RULE.match(line):
            word: Literal["DROP", "RETURN"] = "DROP" if found["action"] == "drop" else "RETURN"
            rule = Rule(word, int(found["packets"] or 0), line, n < accepted)
            return Filter(read=True, rule=rule, jump=jump, before=tuple(entrance[: (jump or 1) - 1]), by="nft")
    return Filter(read=True, jump=jump, by="nft")


def read_host_firewall(raw: Raw) -> HostFirewall:
    """Who keeps the host's own firewall, and whether it denies what nobody allowed."""
    ufw, firewalld = raw.parts.get("ufw"), raw.parts.get("firewalld")
    if ufw and "Status: active" in ufw.text:
        card = re.search(r"\bon tailscale0\s+ALLOW\b", ufw.text) is not None
        return HostFirewall("ufw", card=card, port=re.search(r"^41641/udp\s+ALLOW\b", ufw.text, re.MULTILINE) is not None)
    if firewalld and firewalld.code == 0 and "running" in firewalld.text:
        zone, port = raw.parts.get("firewalld.zone"), raw.parts.get("firewalld.port")
        name = zone.text.strip() if zone and zone.code == 0 and re.fullmatch(r"[\w-]+", zone.text.strip()) else ""
        return HostFirewall("firewalld", card=name == "trusted", port=port is not None and port.code == 0, zone=name)
    if not raw.fact("iptables") and not raw.fact("nft") and ufw is None and firewalld is None:
        return HostFirewall("none")  # nothing here could have made rules
    unread = [part for part in (ufw, firewalld) if part and part.code not in (0, 252) and "not running" not in part.text]
    return _own_rules(raw) or HostFirewall("unknown" if unread or not _rules_read(raw) else "none")


def _own_rules(raw: Raw) -> HostFirewall | None:
    for tool in ("iptables", "legacy"):
        part = raw.parts.get(f"{tool}.after")
        lines = [_COUNTED.sub("", line) for line in (part.text if part and part.code == 0 else "").splitlines()]
        entrance = [line for line in lines if line.startswith("-A INPUT ")]
        if "-P INPUT DROP" in lines or any(re.match(r"-A INPUT -j (?:DROP|REJECT)\b", line) for line in entrance):
            card = any(re.match(r"-A INPUT -i tailscale0 -j ACCEPT", line) for line in entrance)
            return HostFirewall("iptables", card=card, port=any("--dport 41641 -j ACCEPT" in line for line in entrance))
    ruleset = raw.parts.get("ruleset")
    if ruleset and ruleset.code == 0:
        for family, table, chain, body in _chains(ruleset.text):
            hooked = next((line for line in body if "type filter hook input" in line), "")
            if hooked and ("policy drop" in hooked or any(_NFT_DENIES.fullmatch(line) for line in body)):
                same_chain = (family, table, chain) == ("ip", "filter", "INPUT") and raw.fact("iptables") != ""
                card, port = (any(pattern.search(line) for line in body) for pattern in (_NFT_CARD, _NFT_PORT))
                return HostFirewall("iptables" if same_chain else "nftables", f"{family} {table} {chain}", card, port)
    return None


def _rules_read(raw: Raw) -> bool:
    told = [part for name in ("iptables.after", "ruleset") if (part := raw.parts.get(name))]
    return bool(told) and all(part.code == 0 for part in told)


def _chains(ruleset: str) -> list[tuple[str, str, str, list[str]]]:
    found: list[tuple[str, str, str, list[str]]] = []
    family = table = ""
    for line in ruleset.splitlines():
        words = line.split()
        if match := re.match(r"table (\S+) (\S+) \{", line):
            family, table = match[1], match[2]
        elif len(words) == 3 and words[0] == "chain":
            found.append((family, table, words[1], []))
        elif found and words and words != ["}"]:
            found[-1][3].append(line.strip())
    return found


def _chain(ruleset: str, table: str, name: str) -> list[str]:
    body = next((lines for family, of, chain, lines in _chains(ruleset) if (f"{family} {of}", chain) == (table, name)), [])
    return [line for line in body if not line.startswith("type ")]


def _said(part: Part) -> str:
    return next((line.strip() for line in part.text.splitlines() if line.strip()), f"exit code {part.code}")
