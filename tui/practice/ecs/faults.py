"""Faults on order: which call of which action goes wrong, and how, before or after it had its effect."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tui.practice.ecs.errors import ApiError

JSON = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it goes over the wire. `promised` is a Content-Length longer than what comes."""

    status: int = 200
    body: bytes = b""
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to calls number `first` to `first + times - 1` of an action (`*`: of any), where the parameters `where` hold.

    `what`: `late` waits `seconds` (or for `gate`) and then all is well; `lost` closes the connection without an answer; `silent` keeps
    it and says nothing; `say` answers `reply` (or the refusal `error`). `after` lets the call have its effect first.
    """

    what: Literal["late", "lost", "silent", "say"]
    api: str = "*"
    first: int = 1
    times: int = 1
    after: bool = False
    where: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    gate: threading.Event | None = None
    reply: Raw | None = None
    error: ApiError | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Faults:
    """All faults in force, and how often each action was called: `calls` counts, `asked` is every call in order with its parameters."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._faults: list[tuple[Fault, Counter[str]]] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Order some. The number of a call counts from here."""
        with self._lock:
            self._faults += [(fault, Counter()) for fault in faults]

    def clear(self) -> None:
        """All is well again."""
        with self._lock:
            self._faults.clear()

    def meet(self, action: str, params: Mapping[str, str]) -> Fault | None:
        """Count a call; the first fault that it meets."""
        with self._lock:
            self.calls[action] += 1
            self.asked.append((action, dict(params)))
            met: Fault | None = None
            for fault, counted in self._faults:
                if fault.api not in ("*", action) or any(params.get(key) != value for key, value in fault.where.items()):
                    continue
                counted["calls"] += 1
                if met is None and fault.first <= counted["calls"] < fault.first + fault.times:
                    met = fault
            return met


def throttled(api: str = "*", *, code: str = "Throttling.User", status: int = 400, retry_after_ms: int = 0, times: int = 1) -> Fault:
    """Too many requests, under any of the names and numbers this is told."""
    headers = {"x-acs-retry-after": str(retry_after_ms)} if retry_after_ms else {}
    return Fault("say", api, times=times, error=ApiError(code, status=status), headers=headers)


def refused(api: str, code: str, *, status: int = 0, times: int = 1, after: bool = False, where: Mapping[str, str] | None = None) -> Fault:
    """The refusal `code`."""
    return Fault("say", api, times=times, after=after, where=where or {}, error=ApiError(code, status=status))


def html(api: str = "*", *, status: int = 502, times: int = 1, after: bool = False) -> Fault:
    """A page of some proxy or hotel in the place of an answer."""
    page = Raw(status, b"<html><body>502 Bad Gateway</body></html>", "text/html")
    return Fault("say", api, times=times, after=after, reply=page)


def said(api: str, body: bytes, *, status: int = 200, times: int = 1, after: bool = False, promised: int = 0) -> Fault:
    """Any body: cut short (`promised` more than there is), an error under HTTP 200, a list where an object should be."""
    return Fault("say", api, times=times, after=after, reply=Raw(status, body, promised=promised))
