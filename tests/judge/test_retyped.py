"""Which stretches of a log a command only showed, and which were taken back when it was typed again."""

from __future__ import annotations

import pytest

from tui.judge.retyped import retyped, shown


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("$ sudo apt install tailscale", "$ sudo apt-get update && sudo apt install -y tailscale", True),
        ("root@vm:~# dnf -q makecache", "root@vm:~# dnf makecache && echo OK", True),
        ("$ sudo apt install tailscale", "$ sudo apt update", False),
        ("$ aliyun ecs DescribeInstances --RegionId cn-beijing", "$ sleep 5; aliyun ecs DescribeInstances --RegionId cn-beijing", True),
        ("$ aliyun ecs DescribeInstances", "$ aliyun ecs DescribeRegions", False),
        ("$ ssh -v root@vm true", "$ ssh -i key root@vm hostname # now it must work", True),
        ("$ ssh root@vm", "$ ssh root@other", False),
        ("$ curl -sL http://host/install.sh | sh", "$ curl -sL http://host/install.sh | head -4", False),
        ("+ curl -sL http://host/install.sh", "+ curl -fL http://host/install.sh", True),
        ("D:\\>aliyun configure --profile lockdown", "D:\\>aliyun configure --profile lockdown", True),
        ("C:\\Users\\li>ssh root@vm", "C:\\Users\\li>ssh root@other", False),
        ("root@vm:~# apt install tailscale", "root@vm:~# sudo !!", True),
        ("➜ ~ ssh vm", "➜ site git:(main) ✗ ssh vm", True),
        ("$ curl -fsSL https://host/install.sh | sh", "$ curl -fsSL --retry 5 https://host/install.sh | sh", True),
        ("$ tailscale status | tail -2", "$ tailscale status", True),
        ("$ for i in a b; do aliyun ecs StopInstance; done", "$ aliyun ecs StopInstance", True),
        ("$ dnf install tailscale", "$ dnf install htop -y | tail -2", False),
        ("$ git pull", "$ git pull", False),
        ("$ make", "$ make", False),
    ],
)
def test_the_last_answer_counts(first: str, second: str, same: bool) -> None:
    assert retyped({1: first, 4: second}, 9) == ([range(1, 4)] if same else [])


def test_a_command_that_has_said_nothing_yet_takes_nothing_back() -> None:
    assert retyped({1: "$ apt update", 4: "$ apt update"}, 4) == []
    assert retyped({}, 4) == []


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        ("$ man apt-get", True),
        ("$ curl --help all", True),
        ("$ git grep -n refused", True),
        ("$ cat docs/RUNBOOK.md", True),
        ("$ grep -n error install.sh", True),
        ("$ tail -n 40 /var/log/syslog", False),
        ("$ journalctl -u ssh", False),
        ('+ sh -c "$(cat install.sh)"', False),
    ],
)
def test_what_is_written_somewhere_is_no_output(command: str, shows: bool) -> None:
    assert shown({2: command, 5: "$ true"}, 9) == ([range(2, 5)] if shows else [])
