"""Addresses and ~/.ssh/config: what OpenSSH makes of them, compared with OpenSSH itself where it can be asked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import UsageError
from tui.target.ssh_address import Address, is_public, parse
from tui.target.ssh_config import Host, choose, resolve


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("root@1.2.3.4", Address("1.2.3.4", "root")),
        ("ssh://root@1.2.3.4:2222", Address("1.2.3.4", "root", 2222)),
        ("ssh://h/", Address("h")),
        ("my-server", Address("my-server")),
        ("u@h:22", Address("h", "u", 22)),
        ("ssh://u@[fd7a:115c:a1e0::1]:22", Address("fd7a:115c:a1e0::1", "u", 22)),
        ("u@fd7a:115c:a1e0::1", Address("fd7a:115c:a1e0::1", "u")),
        ("服务器", Address("服务器")),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize("text", ["", "ssh://", "u@", "@h", "a b", "h:0", "h:70000", "h:x", "-oProxyCommand=x", "u@-h", "[::1", "a/b"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse("ssh://u:hunter2@h")
    assert "hunter2" not in caught.value.text.zh + caught.value.text.en


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    try:
        address = parse(text)
    except UsageError:
        return
    assert address.host
    assert not address.host.startswith("-")


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("8.8.8.8", True),
        ("203.0.113.10", True),
        ("2400:3200::1", True),
        ("example.com", True),
        ("10.1.2.3", False),
        ("172.31.0.1", False),
        ("172.32.0.1", True),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("100.127.255.255", False),
        ("100.128.0.1", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("fd7a:115c:a1e0::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("ecs.tail1234.ts.net", False),
        ("ecs.tail1234.TS.NET.", False),
        ("localhost", False),
        ("nas.local", False),
        ("ecs", False),
    ],
)
def test_what_the_whole_internet_can_reach(host: str, public: bool) -> None:
    assert is_public(host) is public


DEFAULT = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("spelled", "chosen"),
    [(None, DEFAULT), ("c,a", ["c", "a"]), ("+d,a", ["a", "b", "c", "d"]), ("-b", ["a", "c"]), ("-*", []), ("^c,d", ["c", "d", "a", "b"])],
)
def test_lists_of_algorithms(spelled: str | None, chosen: list[str]) -> None:
    assert choose(spelled, DEFAULT) == chosen


CONFIG = """
Include parts/*.conf
Host alias
    HostName 198.51.100.7
    Port 2222
    User deploy
    IdentityFile ~/.ssh/one
    IdentityFile %d/.ssh/two
    IdentitiesOnly yes
    ServerAliveInterval 7
    ServerAliveCountMax 2
    ConnectTimeout 4
    UserKnownHostsFile ~/.ssh/known_a ~/.ssh/known_b
    HostKeyAlgorithms ^ssh-ed25519
    StrictHostKeyChecking yes
    HashKnownHosts yes
Host behind
    ProxyJump first@jump1,jump2:2200
Host commanded
    ProxyCommand nc -X connect %h %p
    ProxyJump none
Match user special
    Port 9
Host *.lab
    User lab
Host *
    User everybody
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".ssh"
    (folder / "parts").mkdir(parents=True)
    (folder / "config").write_text(CONFIG)
    (folder / "parts" / "a.conf").write_text("Host included\n    HostName included.example\n    Include parts/inner\n")
    (folder / "parts" / "inner").write_text("    Port 77\n")
    return tmp_path


def look(text: str, home: Path) -> Host:
    return resolve(parse(text), home, home / "no-system")


def test_a_host_of_the_settings(home: Path) -> None:
    host = look("alias", home)
    ssh = home / ".ssh"
    assert (host.name, host.port, host.user) == ("198.51.100.7", 2222, "deploy")
    assert host.identities == (ssh / "one", ssh / "two")
    assert host.identities_only
    assert (host.alive_interval, host.alive_count, host.connect_timeout) == (7, 2, 4)
    assert host.known_hosts[:2] == (ssh / "known_a", ssh / "known_b")
    assert host.key_algorithms == "^ssh-ed25519"
    assert host.strict
    assert host.hash_names
    assert host.key_name == "[198.51.100.7]:2222"


def test_what_is_said_counts_first(home: Path) -> None:
    host = look("me@alias:1", home)
    assert (host.user, host.port) == ("me", 1)


def test_includes_stand_where_they_are(home: Path) -> None:
    host = look("included", home)
    assert (host.name, host.port, host.user) == ("included.example", 77, "everybody")
    assert look("other", home).port == 22


def test_jumps_and_commands(home: Path) -> None:
    assert look("behind", home).jumps == ("first@jump1", "jump2:2200")
    commanded = look("commanded:24", home)
    assert commanded.jumps == ()
    assert commanded.proxy_command == "nc -X connect commanded 24"


def test_match_user(home: Path) -> None:
    assert look("special@anything", home).port == 9


def test_defaults_are_those_of_openssh(tmp_path: Path) -> None:
    host = look("root@h", tmp_path)
    assert [path.name for path in host.identities] == ["id_ed25519", "id_ecdsa", "id_rsa"]
    assert host.known_hosts[0] == tmp_path / ".ssh" / "known_hosts"
    assert not host.strict
    assert host.key_name == "h"


def test_settings_that_can_not_be_read_are_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host h\n  Port many\n")
    with pytest.raises(UsageError) as caught:
        look("h", tmp_path)
    assert "many" in caught.value.text.zh


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the ssh client to compare with")
@pytest.mark.parametrize("name", ["alias", "included", "behind", "x.lab", "special@anything", "me@alias"])
def test_openssh_says_the_same(home: Path, name: str) -> None:
    config = (home / ".ssh" / "config").read_text().replace("Include parts", f"Include {home}/.ssh/parts")
    (home / "absolute").write_text(config)
    inner = home / ".ssh" / "parts" / "a.conf"
    inner.write_text(inner.read_text().replace("Include parts", f"Include {home}/.ssh/parts"))
    said = subprocess.run(["ssh", "-G", "-F", str(home / "absolute"), name], capture_output=True, text=True, check=True).stdout
    theirs = dict(line.partition(" ")[::2] for line in said.splitlines())
    ours = look(name, home)
    assert (ours.name, str(ours.port), ours.user) == (theirs["hostname"], theirs["port"], theirs["user"])
    assert ",".join(ours.jumps) == theirs.get("proxyjump", "")
