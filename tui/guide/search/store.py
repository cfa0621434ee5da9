"""The index on disk: which documents hold a word or a pair of characters.

One SQLite file in the program's home, so that two programs may use it at once and a crash leaves it whole. For each term it keeps a set
of document numbers as bits: which documents hold all of several terms is then one `&` over 1,250 bytes for 10,000 documents. Rare terms,
nearly all there are, keep a list of numbers instead. It can be made anew from the documents at any time: damaged, it is thrown away.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from tui.config import private_folder
from tui.errors import ConfigError

VERSION = 2
"""Raised with every change of what is kept or of how documents are cut; an index of another version is made anew."""
GRAM, WORD = 0, 10
"""A term's slot is one of these plus the kind of lines it stands in (`lines.TEXT` meaning any)."""
_NAME = "search.db"
_BUSY = 10.0  # seconds to wait for another program that writes
_MOST_NAMES = 500
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)  # the last one: a table is missing
_BUSY_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_TABLES = {"docs", "bodies", "terms", "state"}
_SCHEMA = """
CREATE TABLE docs (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
    seen INTEGER NOT NULL, digest BLOB NOT NULL, title TEXT NOT NULL, names TEXT NOT NULL,
    entry TEXT NOT NULL
);
CREATE TABLE bodies (
    id INTEGER PRIMARY KEY, body TEXT NOT NULL, wide INTEGER NOT NULL, marks BLOB NOT NULL, starts BLOB NOT NULL
);
CREATE TABLE terms (id INTEGER PRIMARY KEY, term TEXT NOT NULL, slot INTEGER NOT NULL, bits BLOB NOT NULL, UNIQUE (term, slot));
CREATE TABLE state (generation INTEGER NOT NULL);
INSERT INTO state VALUES (0);
"""


def damaged(error: sqlite3.Error) -> bool:
    """Is the file itself broken? (That it is locked or the disk full is no damage.)"""
    return _code(error) in _DAMAGED


def busy(error: sqlite3.Error) -> bool:
    """Has another program been writing for longer than anyone waits?"""
    return _code(error) in _BUSY_CODES


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


class Store:
    """The file under `home`, or one in a temporary folder where `home` can't be written.

    `db` is for looking things up, `writer` for changing them meanwhile; each to be used from one thread at a time.
    """

    db: sqlite3.Connection
    writer: sqlite3.Connection

    def __init__(self, home: Path) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        try:
            self._file = private_folder(home) / _NAME
            self._connect()
        except (ConfigError, OSError, sqlite3.Error):
            self.move_away()

    @property
    def lasting(self) -> bool:
        """Will it be there the next time?"""
        return self._temporary is None

    def move_away(self) -> None:
        """Begin again, empty, in a temporary folder. Raises OSError where even that can't be written."""
        self._disconnect()
        self._temporary = self._temporary or tempfile.TemporaryDirectory(prefix="zhinan-search-", ignore_cleanup_errors=True)
        self._file = Path(self._temporary.name) / _NAME
        self._connect()

    def renew(self) -> None:
        """Throw the file away, unless another program has done so already, and begin again."""
        self._disconnect()
        try:
            self._connect()
        except (OSError, sqlite3.Error):
            self.move_away()

    def close(self) -> None:
        """Close the file; a temporary one is gone."""
        self._disconnect()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _connect(self) -> None:
        self.db = self._open()
        self.writer = self._connection()
        self.writer.execute("PRAGMA synchronous=NORMAL")

    def _disconnect(self) -> None:
        for name in ("db", "writer"):
            if (connection := getattr(self, name, None)) is not None:
                with suppress(sqlite3.Error):
                    connection.close()

    def _open(self) -> sqlite3.Connection:
        for _ in range(2):
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
            db = self._connection()
            try:
                if self._prepare(db):
                    return db
            except sqlite3.DatabaseError as error:
                if not damaged(error):
                    db.close()
                    raise
            db.close()
            for ending in ("", "-wal", "-shm"):
                Path(f"{self._file}{ending}").unlink(missing_ok=True)
        raise OSError(self._file)

    def _connection(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=_BUSY, isolation_level=None, check_same_thread=False)

    @staticmethod
    def _prepare(db: sqlite3.Connection) -> bool:
        """Make an empty file ready; False for one of another version, or one that is not whole."""
        db.execute("PRAGMA journal_mode=WAL")
        with writing(db):
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version={VERSION}")
                return True
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return version == VERSION and tables >= _TABLES and bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")

    @property
    def generation(self) -> int:
        """Another number after every change."""
        row = self.db.execute("SELECT generation FROM state").fetchone()
        return int(row[0])

    # ---- sets of documents

    def sets(self, terms: Iterable[str]) -> dict[tuple[str, int], int]:
        """The documents of the terms that are known, as bits, by (term, slot)."""
        found = {}
        rest = iter(terms)
        while some := list(islice(rest, _MOST_NAMES)):
            places = ",".join("?" * len(some))
            for term, slot, bits in self.db.execute(f"SELECT term, slot, bits FROM terms WHERE term IN ({places})", some):  # noqa: S608  only marks
                found[term, slot] = decode(bits)
        return found

    def terms(self, slot: int) -> list[str]:
        """All terms of a slot."""
        return [row[0] for row in self.db.execute("SELECT term FROM terms WHERE slot = ?", (slot,))]

    def change(self, slot: int, added: Mapping[str, Iterable[int]], removed: Mapping[str, Iterable[int]]) -> None:
        """Put documents into the sets of a slot's terms, and take them out."""
        for term in sorted({*added, *removed}):
            row = self.writer.execute("SELECT id, bits FROM terms WHERE term = ? AND slot = ?", (term, slot)).fetchone()
            bits = decode(row[1]) if row else 0
            bits = bits & ~_bits(removed.get(term, ())) | _bits(added.get(term, ()))
            if not row:
                self.writer.execute("INSERT INTO terms (term, slot, bits) VALUES (?, ?, ?)", (term, slot, encode(bits)))
            elif bits:
                self.writer.execute("UPDATE terms SET bits = ? WHERE id = ?", (encode(bits), row[0]))
            else:
                self.writer.execute("DELETE FROM terms WHERE id = ?", (row[0],))


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction, all or nothing; waits for another program that writes."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _bits(numbers: Iterable[int]) -> int:
    numbers = list(numbers)
    if len(numbers) < 4:
        bits = 0
        for number in numbers:
            bits |= 1 << number
        return bits
    room = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        room[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(room, "little")


def encode(bits: int) -> bytes:
    """A set as it is kept: `L` and 32-bit numbers where that is shorter, else `B` and the bits."""
    if bits.bit_count() * 32 >= bits.bit_length():
        return b"B" + bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    found = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return b"L" + packed(found)


def decode(kept: bytes) -> int:
    """The set again."""
    return int.from_bytes(kept[1:], "little") if kept[:1] == b"B" else _bits(unpacked(kept[1:]))


def packed(values: Iterable[int]) -> bytes:
    """Numbers below 2**32, four bytes each, the smallest byte first."""
    numbers = array("I", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpacked(kept: bytes) -> array[int]:
    """The numbers again."""
    numbers = array("I")
    numbers.frombytes(kept)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
