"""An AccessKey in the system's keyring, for who has neither the `aliyun` command line nor wants a secret in a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from tui.errors import ConfigError
from tui.secret import Secret
from tui.texts import Text

_SERVICE: Final = "zhinan"
_NAME: Final = "aliyun-access-key"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was kept."""

    id: str
    secret: Secret
    region: str = ""


def stored() -> Stored | None:
    """The key kept here; None where there is none, or no keyring to ask."""
    import keyring
    import keyring.errors

    try:
        found = json.loads(keyring.get_password(_SERVICE, _NAME) or "null")
    except (keyring.errors.KeyringError, ValueError):
        return None
    match found:
        case {"id": str(name), "secret": str(secret)} if name and secret:
            return Stored(name, Secret(secret), str(found.get("region") or ""))
    return None


def usable() -> bool:
    """Whether there is a keyring to keep a key in."""
    import keyring

    return bool(keyring.get_keyring().priority > 0)


def store(key: str, secret: Secret, region: str = "") -> None:
    """Keep a key, in place of an earlier one. Raises ConfigError where there is no keyring."""
    import keyring
    import keyring.errors

    try:
        keyring.set_password(_SERVICE, _NAME, json.dumps({"id": key.strip(), "secret": secret.reveal().strip(), "region": region}))
    except keyring.errors.KeyringError:
        text = Text(
            "这里没有可用的系统钥匙串，没有保存；可以改用 aliyun configure 或环境变量",
            "there is no usable keyring here, nothing was kept; aliyun configure or the environment will do",
        )
        raise ConfigError(text) from None


def forget() -> bool:
    """Forget the key; False where there was none."""
    import keyring
    import keyring.errors

    try:
        keyring.delete_password(_SERVICE, _NAME)
    except keyring.errors.KeyringError:
        return False
    return True
