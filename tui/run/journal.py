"""Every event goes to disk before anyone sees it, so that a run survives the program.

SQLite in WAL mode: one file that many processes may read while one writes, a commit costs microseconds and is whole after a crash, and the
`sqlite3` tool of any system can look into it. What commands printed stands beside it in plain files, one per command, because logs are
read by offset and with `less`, and may be large; `Printed` events in the database only say how far a log had come.

    HOME/runs.db                    events, approvals, remembered answers, when each guide was last opened
    HOME/runs/<run>/<step>-<n>.log  raw output, secrets masked
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tui.config import private_folder
from tui.errors import UsageError, ZhinanError
from tui.run import events as ev
from tui.run import wire
from tui.run.events import AnyEvent
from tui.run.hold import hold
from tui.texts import Text

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    run TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS approvals (digest TEXT PRIMARY KEY, guide TEXT NOT NULL, at REAL NOT NULL, commands TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS openings (guide TEXT PRIMARY KEY, title TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS answers (guide TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (guide, question));
"""
_EVENTS = "SELECT data FROM events WHERE run = ? ORDER BY seq"
_UNPRINTED = "SELECT data FROM events WHERE run = ? AND kind != 'Printed' ORDER BY seq"
_BUSY_MS = 5000
_HELD = "held"
"""The file in a run's folder that the program working on the run holds."""


class JournalError(ZhinanError):
    """The program's own files can't be written; a run never goes on unrecorded."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the list of runs shows it; `verdict` is None when the program died in the middle.

    `mends` is the failure it was to mend, if it was for one; `last` the moment of its last event.
    """

    run: str
    guide: str
    title: str
    at: float
    verdict: ev.Outcome | None
    mends: ev.Mends | None = None
    last: float = 0.0


def read_runs(db: sqlite3.Connection) -> Iterator[RunRow]:
    """All runs in a journal's database, the newest first."""
    rows = db.execute(
        "SELECT s.run, s.at, s.data, (SELECT e.data FROM events e WHERE e.run = s.run AND e.kind IN ('RunEnded', 'RunResumed')"
        " ORDER BY e.seq DESC LIMIT 1),"
        " (SELECT e.at FROM events e WHERE e.run = s.run ORDER BY e.seq DESC LIMIT 1)"
        " FROM events s WHERE s.kind = 'RunStarted' ORDER BY s.at DESC, s.run DESC"
    )
    for run, at, started, last, latest in rows:
        start, end = json.loads(started), json.loads(last) if last else {}
        verdict = ev.Outcome(end["verdict"]) if end.get("event") == "RunEnded" else None
        mends = ev.Mends(**told) if (told := start.get("mends")) else None
        yield RunRow(run, start["guide"], start["title"], at, verdict, mends, latest)


class Journal:
    """The journal in one home folder. Use from one thread. All methods raise JournalError where the disk says no."""

    def __init__(self, home: Path) -> None:
        self._runs = private_folder(private_folder(home) / "runs")
        self.home = home
        self._file = home / "runs.db"
        self._logs: dict[Path, BinaryIO] = {}
        self._next: dict[str, int] = {}
        self._held: dict[str, int] = {}
        try:
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(self._file, isolation_level=None)
            self._db.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._cant(error) from error

    def close(self) -> None:
        """Close files; idempotent."""
        for log in self._logs.values():
            log.close()
        self._logs.clear()
        for run in tuple(self._held):
            self.let_go(run)
        self._db.close()

    def record(self, event: AnyEvent) -> None:
        """Write one event. When this returns, the event is on disk."""
        data = wire.to_wire(event)
        if isinstance(event, ev.Printed):
            data["size"] = len(data.pop("text").encode())
        seq = self._sequence(event.run)
        try:
            self._db.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
                (event.run, seq, event.at, type(event).__name__, json.dumps(data, ensure_ascii=False)),
            )
        except sqlite3.Error as error:
            raise self._cant(error) from error
        self._next[event.run] = seq + 1

    def hold(self, run: str) -> None:
        """Work on this run, until `let_go` or the program's end. Raises UsageError where another program does."""
        if run in self._held:
            return
        handle = os.open(private_folder(self._runs / run) / _HELD, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            hold(handle)
        except OSError as error:
            os.close(handle)
            text = Text("执行 {run} 正由另一个 zhinan 进行", "another zhinan is at work on the run {run}")
            raise UsageError(text.fill(run=run)) from error
        self._held[run] = handle

    def let_go(self, run: str) -> None:
        """No longer work on it. Idempotent."""
        if run in self._held:
            os.close(self._held.pop(run))

    def held(self, run: str) -> bool:
        """Whether a program, this one included, works on that run just now."""
        try:
            handle = os.open(self._runs / run / _HELD, os.O_RDWR)
        except OSError:
            return False
        try:
            hold(handle)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def log_name(self, run: str, step: str, item: int) -> str:
        """A fresh name for a command's raw log; the same item run again gets another one."""
        base = re.sub(r"[^\w.-]+", "_", step).strip("._")[:60] or "step"
        folder = private_folder(self._runs / run)
        count = sum(1 for _ in folder.glob(f"{base}-{item}-*.log"))
        return f"{base}-{item}-{count + 1}.log"

    def log_path(self, run: str, name: str) -> Path:
        """Where a raw log is."""
        return self._runs / run / name

    def append(self, run: str, name: str, text: str) -> None:
        """Add output to a raw log."""
        path = self.log_path(run, name)
        try:
            log = self._logs.get(path)
            if log is None:
                handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
                log = self._logs[path] = os.fdopen(handle, "ab", buffering=0)
            log.write(text.encode())
        except OSError as error:
            raise self._cant(error) from error

    def close_log(self, run: str, name: str) -> None:
        """No more output will come for this log."""
        log = self._logs.pop(self.log_path(run, name), None)
        if log:
            log.close()

    def events(self, run: str, *, printed: bool = True) -> Iterator[AnyEvent]:
        """A run's events in order, `Printed` with its text read back from the log, unless not wanted; those of a newer version left out."""
        logs: dict[tuple[str, int], str] = {}
        for (raw,) in self._db.execute(_EVENTS if printed else _UNPRINTED, (run,)):
            data = json.loads(raw)
            if data["event"] not in wire.KINDS:
                continue
            if data["event"] == "CommandStarted":
                logs[data["step"], data["item"]] = data["log"]
            if data["event"] == "Printed":
                data["text"] = self._piece(run, logs.get((data["step"], data["item"]), ""), data["offset"], data.pop("size"))
            yield wire.from_wire(data)

    def runs(self) -> list[RunRow]:
        """All runs, the newest first."""
        return list(read_runs(self._db))

    def mended(self, run: str) -> list[RunRow]:
        """The runs that were to mend a failure of that run, the first one first."""
        return [row for row in reversed(self.runs()) if row.mends and row.mends.run == run]

    def approved(self, digest: str) -> bool:
        """Whether exactly these commands were approved before."""
        return self._db.execute("SELECT 1 FROM approvals WHERE digest = ?", (digest,)).fetchone() is not None

    def approve(self, digest: str, guide: str, commands: tuple[str, ...]) -> None:
        """Remember an approval by content; `guide` is the document's path, for the difference next time."""
        row = (digest, guide, time.time(), json.dumps(commands, ensure_ascii=False))
        self._write("INSERT OR REPLACE INTO approvals VALUES (?, ?, ?, ?)", row)

    def last_approved(self, guide: str) -> tuple[str, ...]:
        """The commands of this document that were approved most recently; empty if none were."""
        row = self._db.execute("SELECT commands FROM approvals WHERE guide = ? ORDER BY at DESC LIMIT 1", (guide,)).fetchone()
        return tuple(json.loads(row[0])) if row else ()

    def answer(self, guide: str, question: str) -> str | None:
        """What was answered for this document before (a place, an address); never a secret."""
        row = self._db.execute("SELECT answer FROM answers WHERE guide = ? AND question = ?", (guide, question)).fetchone()
        return row[0] if row else None

    def remember(self, guide: str, question: str, answer: str) -> None:
        """Remember an answer for this document."""
        self._write("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (guide, question, answer))

    def opened(self, guide: str, title: str) -> None:
        """Remember that a document (its path) was opened now."""
        self._write("INSERT OR REPLACE INTO openings VALUES (?, ?, ?)", (guide, title, time.time()))

    def _write(self, sql: str, row: tuple[object, ...]) -> None:
        try:
            self._db.execute(sql, row)
        except sqlite3.Error as error:
            raise self._cant(error) from error

    def _sequence(self, run: str) -> int:
        if run not in self._next:
            row = self._db.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM events WHERE run = ?", (run,)).fetchone()
            self._next[run] = row[0]
        return self._next[run]

    def _piece(self, run: str, name: str, offset: int, size: int) -> str:
        try:
            with self.log_path(run, name).open("rb") as log:
                log.seek(offset)
                return log.read(size).decode(errors="replace")
        except OSError:
            return ""

    def _cant(self, error: Exception) -> JournalError:
        text = Text("记录写不进 {file}：{why}。没有记录就不执行", "can't write the journal {file}: {why}; nothing runs unrecorded")
        return JournalError(text.fill(file=self._file, why=error))
