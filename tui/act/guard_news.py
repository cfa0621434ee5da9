"""What happened while nobody looked: left beside the record by whoever did it, and told once, by the next start of the program."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui.act.lockdown_record import Found, records
from tui.texts import Text

NEWS: Final = "news.json"


def leave(found: Found, text: Text) -> None:
    """Leave a sentence. That it can't be written is no reason to fail: the record itself says how things stand."""
    with suppress(OSError):
        path = found.folder / NEWS
        path.write_text(json.dumps({"zh": text.zh, "en": text.en}), "utf-8")
        path.chmod(0o600)


def collect(home: Path) -> list[Text]:
    """All that was left, oldest first; it is gone afterwards."""
    return [text for found in reversed(records(home)) if (text := _taken(found.folder / NEWS)) is not None]


def _taken(path: Path) -> Text | None:
    try:
        told = json.loads(path.read_text("utf-8"))
        path.unlink()
        return Text(str(told["zh"]), str(told["en"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
