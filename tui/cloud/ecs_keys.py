"""Which AccessKey is used: found where users of the `aliyun` command line and of the official libraries already keep it.

In this order: environment, `~/.aliyun/config.json`, `~/.alibabacloud/credentials.ini`, the keyring, the role of this server. The first
place that names one is taken, and it is said which; a place that is there but broken stops with what is wrong with it, as a key
from further down could be another account's. Plain keys are read here; whatever has to be fetched first (a role, a login) is left to
the official library.
"""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tui.cloud import ecs_keyring
from tui.errors import ConfigError
from tui.secret import Secret
from tui.texts import Text

ID, SECRET, TOKEN = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"
_PROFILE: Final = "ALIBABA_CLOUD_PROFILE"
_CONSOLE: Final = "https://ram.console.aliyun.com/manage/ak"

Kind = Literal["environment", "cli", "file", "keyring", "role", "asked"]


class NoKey(ConfigError):
    """No place has an AccessKey, or the one that should is broken."""


class NoneFound(NoKey):
    """No place has one: it may be asked for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """An AccessKey, or (`mode` other than `AK` and `StsToken`) where the official library fetches one.

    `where` tells the source to the reader and holds no secret; `region` is the one set beside it, "" for none. `file` and `profile` say
    where the library has to look, `role` the server's role ("" for whichever it has).
    """

    kind: Kind
    where: Text
    mode: str = "AK"
    id: str = ""
    secret: Secret | None = None
    token: Secret | None = None
    region: str = ""
    file: str = ""
    profile: str = ""
    role: str = ""

    @property
    def shown(self) -> str:
        """The key's id with its middle hidden: enough to recognise one's own."""
        return f"{self.id[:4]}…{self.id[-4:]}" if len(self.id) > 12 else self.id[:2] + "…" if self.id else ""

    @property
    def told(self) -> Text:
        """One line about what is used."""
        if self.id:
            return Text("{where}，AccessKey {id}", "{where}, AccessKey {id}").fill(where=self.where, id=self.shown)
        return Text("{where}，方式 {mode}", "{where}, by {mode}").fill(where=self.where, mode=self.mode)


def find(environ: Mapping[str, str] = os.environ, home: Path | None = None) -> Keys:
    """The keys to use. Raises NoKey (NoneFound where no place has any), which says where was looked and what to do."""
    own = home or Path.home()
    places: tuple[Callable[[], Keys | None], ...] = (
        lambda: from_environment(environ),
        lambda: from_cli(environ, own / ".aliyun" / "config.json"),
        lambda: from_file(environ, Path(environ.get("ALIBABA_CLOUD_CREDENTIALS_FILE") or own / ".alibabacloud" / "credentials.ini")),
        from_keyring,
        lambda: from_role(environ),
    )
    for place in places:
        if (keys := place()) is not None:
            return keys
    text = Text(
        "没有找到阿里云 AccessKey。看过了：环境变量 {id}、~/.aliyun/config.json、~/.alibabacloud/credentials.ini、钥匙串。"
        "请在 {console} 给一个 RAM 用户建 AccessKey，然后运行 aliyun configure，或设置 {id} 和 {secret}",
        "no Alibaba Cloud AccessKey found. Looked at: the variable {id}, ~/.aliyun/config.json, ~/.alibabacloud/credentials.ini, "
        "the keyring. Make one for a RAM user at {console}, then run aliyun configure, or set {id} and {secret}",
    )
    raise NoneFound(text.fill(id=ID, secret=SECRET, console=_CONSOLE))


def from_environment(environ: Mapping[str, str]) -> Keys | None:
    """The standard variables. One without the other is an error."""
    name, secret, token = (environ.get(each, "").strip() for each in (ID, SECRET, TOKEN))
    if not name and not secret:
        return None
    if not (name and secret):
        text = Text("设置了 {one}，还缺 {other}", "{one} is set, {other} is missing")
        raise NoKey(text.fill(one=ID if name else SECRET, other=SECRET if name else ID))
    where = Text("环境变量 {id}", "the variable {id}").fill(id=ID)
    return Keys("environment", where, *_static(name, secret, token), region=environ.get("ALIBABA_CLOUD_REGION_ID", ""))


def from_cli(environ: Mapping[str, str], file: Path) -> Keys | None:
    """A profile of the `aliyun` command line: `ALIBABA_CLOUD_PROFILE`, else its current one."""
    if environ.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() == "true" or not file.is_file():
        return None
    config = _json(file)
    profiles = config.get("profiles")
    name = environ.get(_PROFILE) or config.get("current") or ""
    found = [each for each in profiles if isinstance(each, dict)] if isinstance(profiles, list) else []
    profile = next((each for each in found if each.get("name") == name), None)
    if profile is None:
        if not found:
            return None
        names = ", ".join(str(each.get("name")) for each in found)
        text = Text("{file} 里没有配置“{name}”；有：{names}", "{file} has no profile “{name}”; there are: {names}")
        raise NoKey(text.fill(file=file, name=name, names=names))
    where = Text("{file} 的配置“{name}”", "profile “{name}” of {file}").fill(file=file, name=name)

    def text_of(key: str) -> str:
        value = profile.get(key)
        return value.strip() if isinstance(value, str) else ""

    mode, region = text_of("mode") or "AK", text_of("region_id")
    if mode not in ("AK", "StsToken"):
        return Keys("cli", where, mode, region=region, file=str(file), profile=str(name), role=text_of("ram_role_name"))
    key, secret, token = text_of("access_key_id"), text_of("access_key_secret"), text_of("sts_token")
    if not (key or secret):
        return None  # `aliyun configure` leaves an empty one behind
    missing = [each for each, value in (("access_key_id", key), ("access_key_secret", secret)) if not value]
    if mode == "StsToken" and not token:
        missing.append("sts_token")
    _complete(where, missing)
    return Keys("cli", where, *_static(key, secret, token if mode == "StsToken" else ""), region=region)


def from_file(environ: Mapping[str, str], file: Path) -> Keys | None:
    """A section of the official libraries' file: `ALIBABA_CLOUD_PROFILE`, else `default`."""
    if not file.is_file():
        return None
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#",))
    try:
        parser.read_string(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise _unreadable(file, type(error).__name__) from None  # its own words quote the file
    name = environ.get(_PROFILE) or "default"
    if name not in parser:
        return None
    section = parser[name]
    where = Text("{file} 的 [{name}]", "[{name}] of {file}").fill(file=file, name=name)
    kind = section.get("type", "access_key").strip()
    if kind != "access_key":
        return Keys("file", where, kind, file=str(file), profile=name, role=section.get("role_name", ""))
    key, secret = section.get("access_key_id", "").strip(), section.get("access_key_secret", "").strip()
    _complete(where, [each for each, value in (("access_key_id", key), ("access_key_secret", secret)) if not value])
    return Keys("file", where, *_static(key, secret, ""))


def from_keyring() -> Keys | None:
    """The key that was stored by this program."""
    stored = ecs_keyring.stored()
    if stored is None:
        return None
    return Keys(
        "keyring",
        Text("系统钥匙串（忘掉它：zhinan doctor --forget-key）", "the keyring (to forget it: zhinan doctor --forget-key)"),
        *_static(stored.id, stored.secret.reveal(), ""),
        region=stored.region,
    )


def from_role(environ: Mapping[str, str]) -> Keys | None:
    """The role of the server this runs on, where the variable for it is set: nobody else is asked at an address of the cloud's."""
    role = environ.get("ALIBABA_CLOUD_ECS_METADATA", "")
    if not role or environ.get("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "").lower() == "true":
        return None
    return Keys("role", Text("本机的 RAM 角色 {role}", "this server's RAM role {role}").fill(role=role), "EcsRamRole", role=role)


def asked(key: str, secret: Secret, region: str = "") -> Keys:
    """The key a person has just typed."""
    return Keys("asked", Text("刚才输入的", "just typed"), *_static(key.strip(), secret.reveal().strip(), ""), region=region)


def _static(key: str, secret: str, token: str) -> tuple[str, str, Secret, Secret | None]:
    return "StsToken" if token else "AK", key, Secret(secret), Secret(token) if token else None


def _complete(where: Text, missing: list[str]) -> None:
    if missing:
        text = Text("{where} 缺少 {names}；可用 aliyun configure 重新填写", "{where} lacks {names}; aliyun configure writes it anew")
        raise NoKey(text.fill(where=where, names=", ".join(missing)))


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(file, type(error).__name__) from None  # its own words quote the file
    if not isinstance(found, dict):
        raise _unreadable(file, "JSON")
    return found


def _unreadable(file: Path, why: str) -> NoKey:
    text = Text("{file} 读不了（{why}）；可用 aliyun configure 重写", "can't read {file} ({why}); aliyun configure writes it anew")
    return NoKey(text.fill(file=file, why=why))
