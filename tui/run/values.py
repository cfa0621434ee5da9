"""Values of a run: what inputs may hold, and how check arguments take them in.

Commands never have values pasted into them; they get them as environment variables. Only the arguments of checks, which are data and
not shell text, have `$NAME` replaced here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tui.guide.model import Input, InputType
from tui.secret import Secret
from tui.texts import Text

_NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_HOST = re.compile(r"^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$")
_KEYRING = "zhinan"


def wrong(field: Input, value: str) -> Text | None:
    """Why `value` is not one for this input; None if it is."""
    if "\0" in value:
        return Text("不能含有空字符", "must not hold a NUL character")
    if not value.strip():
        return None if field.optional else Text("不能为空", "must not be empty")
    return _RULES[field.type](field, value)


def is_host(value: str) -> bool:
    """Whether it is an IP address or could be a host name."""
    try:
        ipaddress.ip_address(value.strip("[]"))
    except ValueError:
        return bool(_HOST.match(value)) and not re.fullmatch(r"[\d.]+", value)
    return True


def _wrong_choice(field: Input, value: str) -> Text | None:
    return None if value in field.of else Text("要从这些里选：{of}", "choose one of: {of}").fill(of="、".join(field.of))


def _wrong_host(_: Input, value: str) -> Text | None:
    text = Text("“{value}”不是主机名或 IP 地址", "“{value}” is neither a host name nor an IP address")
    return None if is_host(value) else text.fill(value=value)


def _wrong_cidr(_: Input, value: str) -> Text | None:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return Text("“{value}”不是网段，例如 203.0.113.0/24", "“{value}” is no network; write it like 203.0.113.0/24").fill(value=value)
    return None


def _wrong_file(_: Input, value: str) -> Text | None:
    there = Path(value).expanduser().is_file()
    return None if there else Text("没有文件 {value}", "there is no file {value}").fill(value=value)


_RULES: Mapping[InputType, Callable[[Input, str], Text | None]] = {
    "choice": _wrong_choice,
    "host": _wrong_host,
    "cidr": _wrong_cidr,
    "file": _wrong_file,
    "text": lambda _field, _value: None,
    "secret": lambda _field, _value: None,
}


def from_surroundings(field: Input, environ: Mapping[str, str]) -> str | Secret | None:
    """The value of the environment variable of that name, else (for secrets, in this computer's own environment) of the keyring."""
    if field.name in environ:
        value = environ[field.name]
        return Secret(value) if field.type == "secret" else value
    if field.type != "secret" or environ is not os.environ:
        return None
    import keyring
    import keyring.errors

    try:
        stored = keyring.get_password(_KEYRING, field.name)
    except keyring.errors.KeyringError:
        return None
    return Secret(stored) if stored else None


def expand(args: Any, values: Mapping[str, str]) -> Any:
    """Check arguments with `$NAME` and `${NAME}` replaced by known values; unknown names stay. Works through lists and mappings."""
    if isinstance(args, str):
        return _NAME.sub(lambda match: values.get(match[1] or match[2], match[0]), args)
    if isinstance(args, Mapping):
        return {key: expand(value, values) for key, value in args.items()}
    if isinstance(args, list):
        return [expand(value, values) for value in args]
    return args
