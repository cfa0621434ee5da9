"""Keeps the index true to the files, reading only those that changed.

A file whose size and time are as they were is taken as unchanged, unless it was looked at within two seconds of that time (it may have
changed again since, within the same tick of its clock); a file that was touched but holds the same content costs one hash. What a
document held before is cut anew from the text kept in the index, so that no list of terms per document has to be kept.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.errors import DocumentError
from tui.guide import library
from tui.guide.library import Entry
from tui.guide.search import lines
from tui.guide.search.store import GRAM, WORD, Store, packed, writing
from tui.guide.search.text import fold, grams, has_wide, latin
from tui.guide.source import LARGEST, decode

Sets = dict[int, dict[str, list[int]]]
Tell = Callable[[int, int], None]
_AT_ONCE = 500
_RACY = 2_000_000_000  # ns; the coarsest clock of a file system (FAT)


@dataclass(slots=True)
class _File:
    """One file as it is now. `known` is the digest of what the index has of it; `text` is None until read, and where nothing is new."""

    path: Path
    folder: Path
    size: int
    mtime: int
    known: bytes = b""
    digest: bytes = b""
    text: str | None = None
    marks: bytes = b""
    title: str = ""
    names: str = ""
    entry: str = ""


def update(store: Store, folders: Sequence[Path], tell: Tell = lambda _done, _all: None, stop: Callable[[], bool] = lambda: False) -> bool:
    """Make the index know what is in `folders`, and nothing else; True if anything was changed.

    `tell(done, all)` counts documents read; `stop` is asked now and then, and what is done by then is kept. Raises sqlite3.Error.
    """
    now = time.time_ns()
    rows = {row[0]: row[1:] for row in store.writer.execute("SELECT path, size, mtime, seen, digest FROM docs")}
    files = {str(file.path): file for file in _files(folders)}
    doubtful = []
    for path, file in files.items():
        row = rows.get(path)
        if row is None or row[:2] != (file.size, file.mtime) or row[2] - file.mtime < _RACY:
            file.known = row[3] if row else b""
            doubtful.append(file)
    gone = [path for path in rows if path not in files]
    changed, done = bool(gone), 0
    if gone:
        _write(store, [], gone, now)
    for start in range(0, len(doubtful), _AT_ONCE):
        some = []
        for file in doubtful[start : start + _AT_ONCE]:
            if stop():
                break
            _read(file)
            some.append(file)
            done += 1
            tell(done, len(doubtful))
        fresh = [file for file in some if file.text is not None]
        if fresh or any(now - file.mtime >= _RACY for file in some):
            _write(store, some, [], now)
        changed = changed or bool(fresh)
    return changed


def _files(folders: Iterable[Path]) -> Iterator[_File]:
    for folder in dict.fromkeys(folders):
        for path in library.documents(folder, failures=True):
            try:
                found = path.stat()
            except OSError:
                continue  # gone this moment
            yield _File(path.absolute(), folder.absolute(), found.st_size, found.st_mtime_ns)


def _read(file: _File) -> None:
    """Its digest, and where that is not the known one, its text and what its lines are. A file that is no document has no words."""
    time.sleep(0)  # a key press may be waiting for its turn
    try:
        data = file.path.read_bytes() if file.size <= LARGEST else b""
    except OSError:
        data = b""
    file.digest = hashlib.sha256(data).digest()
    if file.digest == file.known:
        return
    try:
        text = decode(data, file.path)[0].replace("\r\n", "\n").replace("\r", "\n")
    except DocumentError:
        text = ""
    entry, front = library.described(file.path, file.folder, text)
    file.text, file.title, file.entry = text, entry.title, json.dumps(_listed(entry), ensure_ascii=False) if text else ""
    file.marks = lines.kinds(text, entry.title, front)
    file.names = f"{file.path.stem}\n{entry.id}"


def _listed(entry: Entry) -> list[object]:
    return [entry.id, entry.title, entry.summary, entry.chapter, entry.steps, entry.language, entry.questions]


def kept(store: Store) -> library.Kept:
    """The library's entries as the index knows them, so that a listing need not read ten thousand files. Raises sqlite3.Error."""
    found: library.Kept = {}
    for path, folder, size, mtime, entry in store.writer.execute("SELECT path, folder, size, mtime, entry FROM docs WHERE entry != ''"):
        name, title, summary, chapter, steps, language, questions = json.loads(entry)
        asked = tuple(library.Question(*each) for each in questions)
        known = Entry(Path(path), name, title, Path(folder), summary, chapter, steps, language, None, asked)
        found[known.path] = (size, mtime, known)
    return found


def _write(store: Store, files: Sequence[_File], gone: Sequence[str], now: int) -> None:
    """One transaction: what another program wrote meanwhile is seen, and not written twice."""
    added: Sets = defaultdict(lambda: defaultdict(list))
    removed: Sets = defaultdict(lambda: defaultdict(list))
    db = store.writer
    with writing(db):
        for path in gone:
            row = db.execute("SELECT id, names FROM docs WHERE path = ?", (path,)).fetchone()
            if row:
                db.execute("DELETE FROM docs WHERE id = ?", row[:1])
                _forget(store, row[0], row[1], removed)
        for file in files:
            about = (str(file.folder), file.size, file.mtime, now, file.digest)
            row = db.execute("SELECT id, digest, names FROM docs WHERE path = ?", (str(file.path),)).fetchone()
            if file.text is None or (row and row[1] == file.digest):
                db.execute("UPDATE docs SET folder = ?, size = ?, mtime = ?, seen = ?, digest = ? WHERE path = ?", (*about, str(file.path)))
                continue
            if row:
                _forget(store, row[0], row[2], removed)
            number = _keep(store, row[0] if row else None, file, about)
            _note(number, file.text, file.marks, file.names, added)
        for slot in sorted({*added, *removed}):
            store.change(slot, added[slot], removed[slot])
        if added or removed:
            db.execute("UPDATE state SET generation = generation + 1")


def _keep(store: Store, number: int | None, file: _File, about: tuple[object, ...]) -> int:
    sql = "INSERT OR REPLACE INTO docs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    kept = store.writer.execute(sql, (number, str(file.path), *about, file.title, file.names, file.entry)).lastrowid
    body = file.text or ""
    row = (kept, body, has_wide(body), file.marks, packed(lines.starts(body)))
    store.writer.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?, ?)", row)
    return kept or 0


def _forget(store: Store, number: int, names: str, removed: Sets) -> None:
    row = store.writer.execute("SELECT body, marks FROM bodies WHERE id = ?", (number,)).fetchone()
    if row:
        store.writer.execute("DELETE FROM bodies WHERE id = ?", (number,))
        _note(number, row[0], row[1], names, removed)


def _note(number: int, text: str, marks: bytes, names: str, sets: Sets) -> None:
    """What a document is found by: pairs and words, by the kind of lines they stand in. Its names are looked up like its title."""
    for kind, part in lines.fields(fold(text), marks).items():
        words = f"{part}\n{fold(names)}" if kind in (lines.TEXT, lines.TITLE) else part
        for slot, terms in ((GRAM + kind, grams(words)), (WORD + kind, latin(words))):
            into = sets[slot]
            for term in terms:
                into[term].append(number)
