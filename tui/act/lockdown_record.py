"""The record of a lockdown on disk: what is written here is there after a crash, and it is written before anything is done.

    HOME/lockdown/<id>/record.jsonl    one entry a line (`judge.lockdown`), each on the disk before the next thing happens
    HOME/lockdown/<id>/before.json     the old rules, for gates and for people
    HOME/lockdown/<id>/by-hand.txt     how to put them back in the console, readable without this program

A file of its own and not the journal: it must be readable when nothing else works, and its writes wait for the disk. Whoever works on a
lockdown holds the record's lock, so that a second program leaves it alone; the system lets go of it when the program dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tui.config import private_folder
from tui.errors import Refused, ZhinanError
from tui.judge.firewall_read import NotFirewall
from tui.judge.lockdown import FORMAT, Entry, Next, Phase, Story, fold
from tui.run.hold import hold
from tui.texts import Text

FOLDER: Final = "lockdown"
RECORD: Final = "record.jsonl"
BEFORE: Final = "before.json"
BY_HAND: Final = "by-hand.txt"


class RecordError(ZhinanError):
    """The record can't be written or read; nothing is changed unrecorded."""


class Taken(Refused):
    """Another program is at work on this lockdown."""


class Record:
    """One lockdown's record, held by this program. Use as a context manager, or `close` it. Raises RecordError where the disk says no."""

    def __init__(self, folder: Path, handle: int, story: Story) -> None:
        self.folder, self.story = folder, story
        self._handle = handle
        self._entries = read(folder)

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name

    def close(self) -> None:
        """Let go of it. Idempotent."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def add(self, phase: Phase, **facts: Any) -> Story:
        """Write an entry; on return it is on the disk. The story as it is now."""
        entry = Entry(phase, time.time(), facts)
        line = json.dumps({"phase": phase, "at": entry.at, **facts}, ensure_ascii=False) + "\n"
        size = -1
        try:
            size = os.fstat(self._handle).st_size
            _write_all(self._handle, line.encode())
            os.fsync(self._handle)
        except OSError as error:
            with contextlib.suppress(OSError):  # half a line would spoil the next one
                if size >= 0:
                    os.ftruncate(self._handle, size)
            raise _cant(self.folder, error) from error
        self._entries = (*self._entries, entry)
        self.story = fold(self._entries)
        return self.story

    def keep(self, name: str, text: str) -> Path:
        """Write a file beside the record, whole or not at all; it is on the disk on return."""
        path = self.folder / name
        new = path.with_name(f"{name}.new")
        try:
            handle = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
            try:
                _write_all(handle, text.encode())
                os.fsync(handle)
            finally:
                os.close(handle)
            new.replace(path)
            _settle(self.folder)
        except OSError as error:
            raise _cant(self.folder, error) from error
        return path


@dataclass(frozen=True, slots=True)
class Found:
    """A lockdown there is a record of; `story` is None where the record can't be understood."""

    folder: Path
    story: Story | None

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name


def begin(home: Path, *, region: str, instance: str, **facts: Any) -> Record:
    """A new record in the program's home folder, held, with the entry `intended`. Raises ConfigError for a folder that can't be made."""
    name = re.sub(r"[^\w-]", "_", instance)
    folder = private_folder(
        private_folder(private_folder(home) / FOLDER) / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{secrets.token_hex(2)}"
    )
    try:
        handle = held(folder / RECORD)
        for each in (folder, folder.parent, home):
            _settle(each)
    except OSError as error:
        raise _cant(folder, error) from error
    record = Record(folder, handle, Story(Phase.INTENDED, region, instance))
    record.add(Phase.INTENDED, format=FORMAT, region=region, instance=instance, **facts)
    return record


def take(found: Found) -> Record:
    """Hold a record that is there already. Raises Taken where another program does, RecordError where it can't be understood."""
    try:
        handle = held(found.folder / RECORD)
    except OSError as error:
        raise _cant(found.folder, error) from error
    try:
        story = fold(read(found.folder))
        _without_torn_end(handle)
    except (OSError, NotFirewall) as error:
        os.close(handle)
        raise _cant(found.folder, error) from error
    return Record(found.folder, handle, story)


def records(home: Path) -> tuple[Found, ...]:
    """All lockdowns there are records of, the newest first. Never raises: what can't be understood is told as such."""
    try:
        folders = sorted((each for each in (home / FOLDER).iterdir() if (each / RECORD).is_file()), reverse=True)
    except OSError:
        return ()
    return tuple(Found(each, _story(each)) for each in folders)


def unfinished(home: Path) -> tuple[Found, ...]:
    """Those that somebody must still do something about."""
    return tuple(each for each in records(home) if each.story is None or each.story.next is not Next.NOTHING)


def read(folder: Path) -> tuple[Entry, ...]:
    """The entries. A line without its end was never finished: what it announces was not done. Raises NotFirewall for any other odd line."""
    return tuple(_entries((folder / RECORD).read_bytes()))


def _entries(data: bytes) -> Iterator[Entry]:
    for line in data.split(b"\n")[:-1]:
        try:
            told: Mapping[str, Any] = json.loads(line)
            facts = {name: value for name, value in told.items() if name not in ("phase", "at")}
            yield Entry(Phase(told["phase"]), float(told["at"]), facts)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotFirewall(f"{type(error).__name__}: {error}") from error


def _story(folder: Path) -> Story | None:
    try:
        return fold(read(folder))
    except (OSError, NotFirewall, KeyError, TypeError, ValueError):
        return None


def again(found: Found) -> Found:
    """The same as it is on the disk now."""
    return Found(found.folder, _story(found.folder))


def held(path: Path) -> int:
    """Open a file for appending, and hold it until the handle is closed. Raises Taken where another program does."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    try:
        hold(handle)
    except OSError as error:
        os.close(handle)
        text = Text("另一个 zhinan 正在处理这次关闭（{path}）", "another zhinan is at work on this lockdown ({path})")
        raise Taken(text.fill(path=path.parent)) from error
    return handle


def _without_torn_end(handle: int) -> None:
    """Cut off a last line that was not finished, so that the next one begins on its own."""
    size = os.fstat(handle).st_size
    os.lseek(handle, 0, os.SEEK_SET)
    data = b""
    while len(data) < size and (piece := os.read(handle, size - len(data))):
        data += piece
    whole = data.rfind(b"\n") + 1
    if whole < size:
        os.ftruncate(handle, whole)
        os.fsync(handle)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _settle(folder: Path) -> None:
    """Have the folder's own entries on the disk; Windows has no such thing and needs none."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _cant(folder: Path, error: Exception) -> RecordError:
    text = Text("关闭记录 {folder} 读写不了：{why}", "the record of the lockdown {folder} can't be read or written: {why}")
    return RecordError(text.fill(folder=folder, why=error))
