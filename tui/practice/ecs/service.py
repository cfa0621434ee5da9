"""One call from its signature to its answer: who asks, whether they may, whether it was asked before, and what it does."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from tui.practice.ecs import reads, rules
from tui.practice.ecs.assistant import Assistant
from tui.practice.ecs.errors import ApiError, forbidden
from tui.practice.ecs.faults import Fault, Faults, Raw
from tui.practice.ecs.files import Deliver, Files
from tui.practice.ecs.invocation import Execute
from tui.practice.ecs.params import Params
from tui.practice.ecs.reads import Action, Answer
from tui.practice.ecs.signature import Gate, Key, Sent
from tui.practice.ecs.state import SERVICE, Cloud

_EMPTY_LISTS = frozenset({"DescribeInstances", "DescribeSecurityGroups", "DescribeNetworkInterfaces"})
"""Those that show who may not look an empty list in the place of a refusal."""


class Gone(Exception):
    """No answer leaves: `silent` keeps the connection open, else it is closed."""

    def __init__(self, *, silent: bool) -> None:
        super().__init__()
        self.silent = silent


class Service:
    """The interface over a cloud. Everything it needs to be told or asked in a test is a plain attribute."""

    def __init__(self, cloud: Cloud, execute: Execute | None = None, deliver: Deliver | None = None) -> None:
        self.cloud, self.gate, self.faults = cloud, Gate(), Faults()
        self.assistant, self.files = Assistant(cloud, execute), Files(cloud, deliver)
        self._actions: dict[str, Action] = {**reads.ACTIONS, **rules.ACTIONS, **self.assistant.actions(), **self.files.actions()}
        self._done: dict[tuple[str, str, str], tuple[dict[str, str], Answer]] = {}
        self._numbers = itertools.count(1)

    def answer(self, sent: Sent) -> Raw:
        """What goes back. Raises Gone where nothing does."""
        try:
            key = self.gate.who(sent)
            action, params = self._asked(sent)
        except ApiError as error:
            return self._refusal(error)
        fault = self.faults.meet(action, params.flat)
        if fault is not None and fault.what == "late":
            if fault.gate is not None:
                fault.gate.wait(fault.seconds or None)
            else:
                time.sleep(fault.seconds)
        elif fault is not None and not fault.after:
            return self._fault(fault)
        answer = self._done_once(key, action, params)
        return self._fault(fault) if fault is not None and fault.after else answer

    def close(self) -> None:
        """End what runs."""
        self.assistant.close()

    def _asked(self, sent: Sent) -> tuple[str, Params]:
        flat = dict(parse_qsl(sent.query, keep_blank_values=True))
        if sent.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            flat |= dict(parse_qsl(sent.body.decode(), keep_blank_values=True))
        action = sent.headers["x-acs-action"]
        if sent.headers["x-acs-version"] != SERVICE:
            raise ApiError("InvalidVersion")
        if action not in self._actions:
            raise ApiError("InvalidAction.NotFound")
        return action, Params(flat)

    def _done_once(self, key: Key, action: str, params: Params) -> Raw:
        token = params.text("ClientToken")
        try:
            if len(token) > 64 or not token.isascii():
                raise ApiError("InvalidClientToken.Malformed")
            with self.cloud.lock:
                before = self._done.get((key.id, action, token)) if token else None
                if before is not None and before[0] != params.flat:
                    raise ApiError("IdempotentParameterMismatch")
                told = before[1] if before is not None else self._do(key, action, params)
                if token:
                    self._done[key.id, action, token] = (params.flat, told)
        except ApiError as error:
            return self._refusal(error)
        return self._json(200, {"RequestId": self._request_id(), **told})

    def _do(self, key: Key, action: str, params: Params) -> Answer:
        if action not in key.denied:
            return self._actions[action](self.cloud, params)
        if action not in _EMPTY_LISTS:
            raise forbidden(action, key.user)
        return self._actions[action](Cloud(regions=_bare(self.cloud)), params)

    def _fault(self, fault: Fault) -> Raw:
        if fault.what in ("lost", "silent"):
            raise Gone(silent=fault.what == "silent")
        if fault.error is not None:
            return self._refusal(fault.error, fault.headers)
        return fault.reply or Raw()

    def _refusal(self, error: ApiError, headers: Mapping[str, str] | None = None) -> Raw:
        return self._json(error.status, {"RequestId": self._request_id(), **error.body()}, headers)

    def _json(self, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Raw:
        return Raw(status, json.dumps(body).encode(), headers={"x-acs-request-id": body["RequestId"], **(headers or {})})

    def _request_id(self) -> str:
        return f"473469C7-AA6F-4DC5-B3DB-{next(self._numbers):012X}"


def _bare(cloud: Cloud) -> dict[str, Any]:
    """The regions with nothing in them."""
    return {each.id: type(each)(each.id, each.name) for each in cloud.regions.values()}
