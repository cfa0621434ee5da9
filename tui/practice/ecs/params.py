"""What a request asks for: flat names as they come over the wire (`Permissions.1.PortRange`), and pages of long lists."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tui.practice.ecs.errors import ApiError

T = TypeVar("T")


class Params:
    """The parameters of one call, each a text."""

    def __init__(self, flat: Mapping[str, str]) -> None:
        self.flat = dict(flat)

    def text(self, name: str, default: str = "") -> str:
        """The value, or the default where it was not sent."""
        return self.flat.get(name, default)

    def needed(self, name: str) -> str:
        """The value; refuses where it is missing or empty."""
        if not self.text(name):
            raise ApiError(f"MissingParameter.{name}", f'The input parameter "{name}" that is mandatory for this action is not supplied.')
        return self.flat[name]

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise ApiError(f"InvalidParameter.{name}") from None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """`True` and `true`, as the libraries write them."""
        return self.text(name, str(default)).lower() == "true"

    def listed(self, name: str) -> list[str]:
        """The values of `Name.1`, `Name.2`, …"""
        found: list[str] = []
        while (value := self.flat.get(f"{name}.{len(found) + 1}")) is not None:
            found.append(value)
        return found

    def maps(self, name: str) -> list[Params]:
        """The groups `Name.1.Key`, `Name.2.Key`, …"""
        found: list[Params] = []
        while True:
            start = f"{name}.{len(found) + 1}."
            inside = {key.removeprefix(start): value for key, value in self.flat.items() if key.startswith(start)}
            if not inside:
                return found
            found.append(Params(inside))

    def json_list(self, name: str) -> list[str] | None:
        """A JSON array in one parameter (`InstanceIds`); None where it was not sent."""
        if not self.text(name):
            return None
        try:
            value = json.loads(self.flat[name])
        except ValueError:
            value = None
        if not isinstance(value, list):
            raise ApiError(f"InvalidParameter.{name}")
        return [str(each) for each in value]


@dataclass(frozen=True, slots=True)
class Paging:
    """How one call pages: `default` and `most` entries, and `least` (a smaller wish counts as this)."""

    default: int
    most: int
    least: int = 1


def page(items: Sequence[T], params: Params, paging: Paging, small: int | None = None) -> tuple[list[T], dict[str, Any]]:
    """One page, and the keys that tell of it. `small` cuts pages shorter than was asked for, as the cloud may at any time."""
    numbered = "PageNumber" in params.flat or "PageSize" in params.flat
    if numbered and "MaxResults" not in params.flat and "NextToken" not in params.flat:
        number, size = max(params.number("PageNumber", 1), 1), max(1, min(params.number("PageSize", paging.default), paging.most))
        told = {"PageNumber": number, "PageSize": size, "TotalCount": len(items)}
        return list(items[(number - 1) * size : number * size]), told
    size = max(params.number("MaxResults", paging.default), paging.least)
    if size > paging.most:
        raise ApiError("InvalidParameter.MaxResults")
    start = _place(params.text("NextToken"))
    end = start + min(size, small or size)
    return list(items[start:end]), {"NextToken": _token(end) if end < len(items) else ""}


def _token(place: int) -> str:
    return base64.urlsafe_b64encode(f"at:{place}".encode()).decode()


def _place(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("at:"))
    except (ValueError, binascii.Error):
        raise ApiError("InvalidParameter.NextToken") from None
