"""Where an AccessKey is found, in which order, and what is said of one that is broken; never the secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest
from ecs_stage import REGION, Stage

from tui.cloud import ecs_keyring
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_errors import KeyRejected
from tui.cloud.ecs_keys import NoKey, find
from tui.cloud.ecs_roles import provider
from tui.config import Settings
from tui.errors import ConfigError
from tui.judge.evidence import Status
from tui.practice.ecs.signature import Key
from tui.secret import Secret

ID, SECRET = "LTAI5tExampleExample1234", "secret-that-is-not-told"
ENVIRON = {"ALIBABA_CLOUD_ACCESS_KEY_ID": ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET}


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


@pytest.fixture(autouse=True)
def ring() -> Any:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    yield
    keyring.set_keyring(before)


def cli(home: Path, *profiles: dict[str, Any], current: str = "default") -> None:
    file = home / ".aliyun" / "config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"current": current, "profiles": list(profiles)}))


AK = {"name": "default", "mode": "AK", "access_key_id": ID, "access_key_secret": SECRET, "region_id": "cn-beijing"}


def test_the_environment_comes_first(tmp_path: Path) -> None:
    cli(tmp_path, AK | {"access_key_id": "LTAI-other"})
    keys = find(ENVIRON | {"ALIBABA_CLOUD_SECURITY_TOKEN": "tok"}, tmp_path)
    assert (keys.kind, keys.mode, keys.id, keys.secret, keys.token) == ("environment", "StsToken", ID, Secret(SECRET), Secret("tok"))
    assert keys.told.zh == "环境变量 ALIBABA_CLOUD_ACCESS_KEY_ID，AccessKey LTAI…1234"


def test_profiles_of_the_command_line(tmp_path: Path) -> None:
    sts = {"name": "work", "mode": "StsToken", "access_key_id": "STS.a", "access_key_secret": "s", "sts_token": "t"}
    role = {"name": "role", "mode": "RamRoleArn", "access_key_id": "a", "access_key_secret": "b", "ram_role_arn": "acs:ram::1:role/x"}
    cli(tmp_path, AK, sts, role)
    keys = find({}, tmp_path)
    assert (keys.kind, keys.id, keys.region, keys.token) == ("cli", ID, "cn-beijing", None)
    assert "default" in keys.where.en
    assert find({"ALIBABA_CLOUD_PROFILE": "work"}, tmp_path).token == Secret("t")
    fetched = find({"ALIBABA_CLOUD_PROFILE": "role"}, tmp_path)
    assert (fetched.mode, fetched.secret, fetched.profile) == ("RamRoleArn", None, "role")
    assert type(provider(fetched)).__name__ == "CLIProfileCredentialsProvider"
    with pytest.raises(NoKey, match="default, work, role"):
        find({"ALIBABA_CLOUD_PROFILE": "none"}, tmp_path)
    with pytest.raises(NoKey, match="没有找到"):
        find({"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}, tmp_path)


def test_the_libraries_file(tmp_path: Path) -> None:
    file = tmp_path / ".alibabacloud" / "credentials.ini"
    file.parent.mkdir()
    plain = f"[default]\ntype = access_key # plain\naccess_key_id = {ID}\naccess_key_secret = {SECRET}%\n"
    file.write_text(plain + "[ecs]\ntype=ecs_ram_role\nrole_name=r\n")
    keys = find({}, tmp_path)
    assert (keys.kind, keys.id, keys.secret) == ("file", ID, Secret(SECRET + "%"))
    role = find({"ALIBABA_CLOUD_PROFILE": "ecs"}, tmp_path)
    assert (role.mode, role.role) == ("ecs_ram_role", "r")
    assert type(provider(role)).__name__ == "ProfileCredentialsProvider"


def test_the_keyring(tmp_path: Path) -> None:
    assert not ecs_keyring.forget()
    ecs_keyring.store(f" {ID} ", Secret(SECRET + "\n"))
    keys = find({}, tmp_path)
    assert (keys.kind, keys.id, keys.secret) == ("keyring", ID, Secret(SECRET))
    assert ecs_keyring.forget()
    with pytest.raises(NoKey):
        find({}, tmp_path)


def test_no_keyring_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: str) -> None:
        raise keyring.errors.NoKeyringError(SECRET)

    monkeypatch.setattr(keyring, "set_password", fails)
    monkeypatch.setattr(keyring, "get_password", fails)
    with pytest.raises(ConfigError, match="钥匙串") as caught:
        ecs_keyring.store(ID, Secret(SECRET))
    assert SECRET not in repr(caught.value)
    with pytest.raises(NoKey):
        find({}, tmp_path)


def test_the_server_s_role_is_asked_only_where_it_is_named(tmp_path: Path) -> None:
    keys = find({"ALIBABA_CLOUD_ECS_METADATA": "role-x"}, tmp_path)
    assert (keys.kind, keys.role) == ("role", "role-x")
    assert type(provider(keys)).__name__ == "EcsRamRoleCredentialsProvider"


@pytest.mark.parametrize(
    ("environ", "config", "words"),
    [
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": ID}, None, "还缺 ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET}, None, "还缺 ALIBABA_CLOUD_ACCESS_KEY_ID"),
        ({}, '{"profiles": [' + SECRET, "读不了"),
        ({}, "[1]", "读不了"),
        ({}, json.dumps({"current": "d", "profiles": [AK | {"name": "d", "access_key_secret": ""}]}), "缺少 access_key_secret"),
        ({}, json.dumps({"current": "d", "profiles": [AK | {"name": "d", "mode": "StsToken"}]}), "缺少 sts_token"),
        ({}, json.dumps({"current": "d", "profiles": [AK | {"name": "d", "access_key_id": "", "access_key_secret": ""}]}), "没有找到"),
        ({}, None, "aliyun configure"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, environ: dict[str, str], config: str | None, words: str) -> None:
    if config is not None:
        (tmp_path / ".aliyun").mkdir()
        (tmp_path / ".aliyun" / "config.json").write_text(config)
    with pytest.raises(NoKey, match=words) as caught:
        find(environ, tmp_path)
    assert SECRET not in caught.value.text.zh + caught.value.text.en
    assert caught.value.__cause__ is None


def test_a_broken_libraries_file_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "c.ini"
    file.write_text(f"access_key_secret = {SECRET}\n")
    with pytest.raises(NoKey, match="读不了") as caught:
        find({"ALIBABA_CLOUD_CREDENTIALS_FILE": str(file)}, tmp_path)
    assert SECRET not in caught.value.text.en


async def test_found_keys_open_the_door(stage: Stage, tmp_path: Path) -> None:
    stage.service.gate.add(Key(ID, SECRET))
    cli(tmp_path, AK)
    api = EcsApi(find({}, tmp_path), environ={"ZHINAN_ECS_ENDPOINT": stage.endpoint})
    assert len(await api.instances(REGION)) == 1


async def test_a_role_that_can_not_be_fetched_is_one_sentence(stage: Stage, tmp_path: Path, capfd: Any) -> None:
    cli(tmp_path, {"name": "default", "mode": "Unheard", "access_key_id": ID})
    api = EcsApi(find({}, tmp_path), environ={"ZHINAN_ECS_ENDPOINT": stage.endpoint}, sleep=stage.sleep)
    with pytest.raises(KeyRejected, match="aliyun configure"):
        await api.instances(REGION)
    assert stage.waits == []
    assert capfd.readouterr().err == ""


def test_the_library_waits_for_the_first_call() -> None:
    look = (
        "import sys, tui.target.aliyun, tui.cloud.ecs_wall, tui.cloud.ecs_find; print([each for each in sys.modules if 'alibaba' in each])"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_the_doctor_says_which_one_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.headless import doctor

    def look() -> doctor.Finding:
        return doctor.examine(Settings(tmp_path))[-1]

    assert (look().status, "aliyun configure" in look().say.en) == (Status.UNKNOWN, True)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert (look().status, look().say.en) == (Status.PASS, "the variable ALIBABA_CLOUD_ACCESS_KEY_ID, AccessKey LTAI…1234")
