"""Sets of IP addresses as sorted spans of whole numbers: exact, however a network is spelled or cut into CIDRs.

`ipaddress` knows networks but no unions or differences of them; with those, who may reach a port is arithmetic and not a guess.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Span = tuple[int, int]
"""The first and the last address, both in it."""
Family = Literal[4, 6]
LAST: Final[dict[Family, int]] = {4: 2**32 - 1, 6: 2**128 - 1}


@dataclass(frozen=True, slots=True)
class Addresses:
    """A set of IPv4 and IPv6 addresses. The spans of a family are sorted, and neither touch nor overlap; so equal sets are equal."""

    v4: tuple[Span, ...] = ()
    v6: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses(_joined((*self.v4, *other.v4)), _joined((*self.v6, *other.v6)))

    def __sub__(self, other: Addresses) -> Addresses:
        return Addresses(_without(self.v4, other.v4), _without(self.v6, other.v6))

    def __and__(self, other: Addresses) -> Addresses:
        return self - (self - other)

    def __le__(self, other: Addresses) -> bool:
        return not self - other

    def __contains__(self, address: str) -> bool:
        return addresses(address) <= self

    def cidrs(self) -> tuple[str, ...]:
        """The fewest CIDRs that make up the set, IPv4 first."""
        v4 = (ipaddress.summarize_address_range(ipaddress.IPv4Address(a), ipaddress.IPv4Address(b)) for a, b in self.v4)
        v6 = (ipaddress.summarize_address_range(ipaddress.IPv6Address(a), ipaddress.IPv6Address(b)) for a, b in self.v6)
        return (*(str(each) for part in v4 for each in part), *(str(each) for part in v6 for each in part))

    def only(self, family: Family) -> Addresses:
        """The part of one family."""
        return Addresses(v4=self.v4) if family == 4 else Addresses(v6=self.v6)


class Painted:
    """Addresses of one family that are decided already. Each span is cut once only, so a thousand rules cost no more than sorting them."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Painted) and (self._firsts, self._lasts) == (other._firsts, other._lasts)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def fresh(self, span: Span) -> list[Span]:
        """The parts of the span that nothing has painted yet."""
        return self._gaps(span, bisect_left(self._lasts, span[0]), bisect_right(self._firsts, span[1]))

    def paint(self, span: Span) -> list[Span]:
        """Add the span and give what was fresh of it; what it touches becomes one with it."""
        first, last = span
        begin, end = bisect_left(self._lasts, first - 1), bisect_right(self._firsts, last + 1)
        fresh = self._gaps(span, begin, end)
        if begin < end:
            first, last = min(first, self._firsts[begin]), max(last, self._lasts[end - 1])
        self._firsts[begin:end] = [first]
        self._lasts[begin:end] = [last]
        return fresh

    def _gaps(self, span: Span, begin: int, end: int) -> list[Span]:
        first, last = span
        if begin == end:
            return [span]
        left: list[Span] = []
        for painted_first, painted_last in zip(self._firsts[begin:end], self._lasts[begin:end], strict=True):
            if first < painted_first:
                left.append((first, min(last, painted_first - 1)))
            first = max(first, painted_last + 1)
        if first <= last:
            left.append((first, last))
        return left

    def full(self, family: Family) -> bool:
        """Whether no address of the family is left."""
        return self._firsts == [0] and self._lasts == [LAST[family]]


@lru_cache(maxsize=4096)
def addresses(cidr: str) -> Addresses:
    """One CIDR or address as a set; bits behind the prefix count as zero, as Alibaba Cloud has it. ValueError where it is neither."""
    network = ipaddress.ip_network(cidr.strip(), strict=False)
    span = (int(network.network_address), int(network.broadcast_address))
    return Addresses(v4=(span,)) if network.version == 4 else Addresses(v6=(span,))


def union(parts: Iterable[Addresses]) -> Addresses:
    """All of them in one set."""
    listed = tuple(parts)
    v4 = _joined(tuple(span for part in listed for span in part.v4))
    return Addresses(v4, _joined(tuple(span for part in listed for span in part.v6)))


def of(*cidrs: str) -> Addresses:
    """The set of these CIDRs and addresses."""
    return union(addresses(each) for each in cidrs)


def spans(v4: Iterable[Span], v6: Iterable[Span]) -> Addresses:
    """The set of these spans, in any order."""
    return Addresses(_joined(tuple(v4)), _joined(tuple(v6)))


def _joined(parts: tuple[Span, ...]) -> tuple[Span, ...]:
    if len(parts) < 2:
        return parts
    joined: list[Span] = []
    for first, last in sorted(parts):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _without(parts: tuple[Span, ...], gone: tuple[Span, ...]) -> tuple[Span, ...]:
    if not parts or not gone:
        return parts
    painted = Painted()
    for span in gone:
        painted.paint(span)
    return tuple(left for span in parts for left in painted.fresh(span))


EVERYWHERE: Final = of("0.0.0.0/0", "::/0")
LOOPBACK: Final = of("127.0.0.0/8", "::1")
SHARED: Final = of("100.64.0.0/10", "fd7a:115c:a1e0::/48")
"""What Tailscale gives to machines; in IPv4 Alibaba Cloud's own services, Workbench's private way among them, come from it as well."""
PRIVATE: Final = of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7") - SHARED
_NEVER: Final = of("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::", "fe80::/10", "ff00::/8")
"""No packet that crossed the internet has such a sender."""
PUBLIC: Final = EVERYWHERE - union((LOOPBACK, SHARED, PRIVATE, _NEVER))
"""Everything else: where in doubt (documentation and test ranges, parts of IPv6 nobody has yet), it counts as the internet."""
