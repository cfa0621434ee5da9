"""The proof by host key: the scripts really run here against a stand-in for ssh, and OpenSSH's own words are judged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tui.judge.evidence import End, Evidence
from tui.judge.ssh_proof import ALIAS, KEYS, HostKey, Reached, Server, judge, read_server, script

ED = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIJ67zHBccVbDshYIxy2M6Rk5rxXeESa+vMJn756XX8Lx")
SERVER = Server((ED,), 22, "b00t")


def test_what_the_server_says() -> None:
    said = (
        "port=2222\nboot=0f0e\nkey=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 root@ecs\nkey=ecdsa-sha2-nistp256 AAAAE2VjZHNh\n"
        "key=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 twice\nkey=ssh-rsa not base64!\nkey=rubbish\nkey=-----BEGIN\n"
    )
    found = read_server(said)
    assert (found.port, found.boot) == (2222, "0f0e")
    assert [(key.kind, key.blob) for key in found.keys] == [
        ("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5"),
        ("ecdsa-sha2-nistp256", "AAAAE2VjZHNh"),
    ]


@pytest.mark.parametrize("port", ["", "99999", "x", "0"])
def test_without_a_port_it_is_the_usual_one(port: str) -> None:
    assert read_server(f"port={port}\n").port == 22


def test_the_look_at_the_server_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", KEYS],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 2022"},
    )
    assert done.returncode == 0
    assert read_server(done.stdout).port == 2022


def test_the_fingerprint_is_openssh_s(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    kind, blob, *_ = (tmp_path / "key.pub").read_text("utf-8").split()
    shown = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True).stdout
    assert HostKey(kind, blob).fingerprint == shown.split()[1]


def test_the_client_knows_these_keys_only_and_shares_no_connection(tmp_path: Path) -> None:
    """A stand-in for ssh tells how it was called and what stood in the file of known hosts."""
    fake = tmp_path / "ssh"
    fake.write_text('#!/bin/bash\nprintf "%s\\n" "$@"\nfor each; do case $each in UserKnownHostsFile=*) cat "${each#*=}";; esac; done\n')
    fake.chmod(0o755)
    words = script(Server((ED,), 2222), "ad min", "100.64.0.1", windows=False)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", words],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)},
    )
    lines = done.stdout.splitlines()
    assert {
        "BatchMode=yes",
        "ControlPath=none",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        f"HostKeyAlias={ALIAS}",
    } <= set(lines)
    assert lines[lines.index("-p") :][:6] == ["-p", "2222", "-l", "ad min", "--", "100.64.0.1"]
    assert lines[-1] == f"{ALIAS} {ED.kind} {ED.blob}"
    assert [each.name for each in tmp_path.iterdir()] == ["ssh"]  # the file is gone again


def test_for_powershell_every_word_is_quoted() -> None:
    words = script(SERVER, "o'brien", "100.64.0.1", windows=True)
    assert "-l 'o''brien' '100.64.0.1'" in words
    assert f"@('{ALIAS} {ED.kind} {ED.blob}')" in words
    assert "StrictHostKeyChecking=yes" in words
    assert '"UserKnownHostsFile=$($known.Name)"' in words


CHANGED = (
    "@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@\n"
    "The fingerprint for the ED25519 key sent by the remote host is\nSHA256:Ssfn0KCkCoQhdRZBAHoZ5eLJyTBTxxzpo5ZZdzOeVmU.\n"
    "Host key for zhinan-verify has changed and you have requested strict checking.\nHost key verification failed.\n"
)
NO_SUCH = "No ED25519 host key is known for zhinan-verify and you have requested strict checking.\nHost key verification failed.\n"
DENIED = "admin@100.64.0.1: Permission denied (publickey,password).\n"


@pytest.mark.parametrize(
    ("seen", "reached"),
    [
        (Evidence(End.EXITED, 0, "zhinan-boot=b00t\n"), Reached.SAME),
        (Evidence(End.EXITED, 0, "Welcome!\nzhinan-boot=b00t\n"), Reached.SAME),
        (Evidence(End.EXITED, 0, "zhinan-boot=another\n"), Reached.OTHER_MACHINE),
        (Evidence(End.EXITED, 0, "hello\n"), Reached.UNKNOWN),
        (Evidence(End.EXITED, 255, "", CHANGED), Reached.OTHER_KEY),
        (Evidence(End.EXITED, 255, "", NO_SUCH), Reached.OTHER_KEY),
        (Evidence(End.EXITED, 255, "", CHANGED + DENIED), Reached.OTHER_KEY),
        (Evidence(End.EXITED, 255, "", DENIED), Reached.KEY_ONLY),
        (Evidence(End.EXITED, 1, "", "mktemp: Permission denied\n"), Reached.UNKNOWN),
        (Evidence(End.EXITED, 255, "", "ssh: connect to host 100.64.0.1 port 22: Connection refused\n"), Reached.REFUSED),
        (Evidence(End.EXITED, 255, "", "ssh: connect to host 100.64.0.1 port 22: Connection timed out\n"), Reached.SILENT),
        (Evidence(End.EXITED, 255, "", "Connection closed by 100.64.0.1 port 22\n"), Reached.SILENT),
        (Evidence(End.EXITED, 127, "", "zhinan: no ssh client\n"), Reached.NO_CLIENT),
        (Evidence(End.TIMED_OUT), Reached.SILENT),
        (Evidence(End.LOST), Reached.UNKNOWN),
    ],
)
def test_what_openssh_says_is_judged(seen: Evidence, reached: Reached) -> None:
    proof = judge(SERVER, seen, "admin@100.64.0.1")
    assert proof.reached is reached
    assert proof.ok is (reached in (Reached.SAME, Reached.KEY_ONLY))
    assert "{" not in proof.say.zh + proof.say.en


def test_the_strange_key_is_named() -> None:
    proof = judge(SERVER, Evidence(End.EXITED, 255, "", CHANGED), "admin@100.64.0.1")
    assert proof.received == "SHA256:Ssfn0KCkCoQhdRZBAHoZ5eLJyTBTxxzpo5ZZdzOeVmU"
    assert proof.received in proof.say.en
    assert ED.fingerprint in proof.say.en
