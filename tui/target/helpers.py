"""The bash texts that run jobs on a server: parts shared by all ways to get there, and the one that speaks each way's language."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from tui.target.askpass import FUNCTIONS
from tui.target.base import Job

_NOT_TAKEN = frozenset({"BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"})  # bash takes none of these from outside


@cache
def helper(way: Literal["ssh_helper", "aliyun_helper"]) -> str:
    """The whole text for `bash -s`; what follows it on standard input are requests."""
    folder = resources.files("tui.target")
    parts = ("job_common", "job_start", "job_end", way)
    return FUNCTIONS + "".join(folder.joinpath(f"{part}.sh").read_text("utf-8") for part in parts)


def environment(job: Job) -> list[str]:
    """The job's variables as `NAME=value`."""
    return [f"{name}={value}" for name, value in job.env.items() if name not in _NOT_TAKEN]


def fields(*values: str) -> bytes:
    """A request: each field ended by NUL."""
    return "".join(f"{value}\0" for value in values).encode("utf-8", "surrogateescape")
