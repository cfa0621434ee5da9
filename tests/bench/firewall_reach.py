"""Who gets in through 1,000 rules, against first-match subtraction with the networks of `ipaddress`, measured in one run.

`rows()` gives seconds: ours, the rival's, and their ratio. The rival gets 200 rules only, so slow it is; for 1,000 the yardstick is
`ipaddress` merely reading their networks, which takes about 6 ms on a machine that is not busy: so ours keeps below 10 ms there.
"""

from __future__ import annotations

import ipaddress
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from tui.judge.firewall import Instance, Interface, Policy, Wall
from tui.judge.firewall_reach import public, reach
from tui.judge.firewall_read import groups_from_maps

RULES, FEW = 1000, 200
BUDGETS = {"who gets in, 200 rules, against ipaddress": ("max", 0.2), "who gets in, 1,000 rules, against reading them": ("max", 1.5)}
Network = ipaddress.IPv4Network


def wall(rules: int) -> Wall:
    """All of one interface, all for port 22, each with another source: the worst there can be."""
    dice = random.Random(1)
    told: list[dict[str, Any]] = [
        {
            "SecurityGroupRuleId": f"sgr-{n}", "Direction": "ingress", "Policy": dice.choice(("Accept", "Drop")),
            "Priority": dice.randint(1, 100), "IpProtocol": "TCP", "PortRange": "22/22",
            "SourceCidrIp": f"{ipaddress.IPv4Address(dice.getrandbits(32))}/{dice.choice((8, 12, 16, 24, 32))}",
        }
        for n in range(rules)
    ]  # fmt: skip
    groups = groups_from_maps([{"SecurityGroupId": "sg-1", "InnerAccessPolicy": "Drop", "Permissions": {"Permission": told}}])
    return Wall(Instance("i-1", interfaces=(Interface("eni-1", ("sg-1",)),)), groups)


def plain(what: Wall) -> list[Network]:
    """The open networks by `address_exclude`, rule after rule."""
    rules = sorted(what.groups[0].rules, key=lambda rule: (rule.priority, rule.policy is Policy.ACCEPT))
    opened: list[Network] = []
    decided: list[Network] = []
    for rule in rules:
        left = [Network(rule.source.value, strict=False)]
        for gone in decided:
            left = [part for each in left for part in _without(each, gone)]
        opened += left if rule.policy is Policy.ACCEPT else []
        decided = list(ipaddress.collapse_addresses([*decided, Network(rule.source.value, strict=False)]))
    return list(ipaddress.collapse_addresses(opened))


def _without(network: Network, gone: Network) -> list[Network]:
    if not network.overlaps(gone):
        return [network]
    return [] if network.subnet_of(gone) else list(network.address_exclude(gone))


def rows() -> list[tuple[str, float, float, float]]:
    """Median of the faster halves: a busy machine slows some runs, nothing speeds one up."""
    few, many = wall(FEW), wall(RULES)
    assert [str(each) for each in plain(few)] == list(reach(few)[0].open.cidrs())
    ours, rival = _best(lambda: reach(few)[0].open, 20), _best(lambda: plain(few), 3)
    networks = [rule.source.value for rule in many.groups[0].rules]
    best, read = _best(lambda: public(reach(many)), 40), _best(lambda: [ipaddress.ip_network(each, strict=False) for each in networks], 40)
    return [
        ("who gets in, 200 rules, against ipaddress", ours, rival, ours / rival),
        ("who gets in, 1,000 rules, against reading them", best, read, best / read),
    ]


def _best(what: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.process_time()
        what()
        taken.append(time.process_time() - began)
    return statistics.median(sorted(taken)[: max(1, times // 2)])
