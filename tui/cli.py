"""The front door: a document named plainly is opened at once; every other command line goes to `commands`.

Exit codes: 0 all passed; 1 a step or check failed; 2 wrong usage or a bad document; 3 ended unknown (lost, timed out); 4 refused (not
approved, gate closed); 130 cancelled.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tui import config, texts
from tui.door import complain, mending, screen
from tui.errors import ZhinanError
from tui.texts import Text

_CANCELLED = 130


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point: one sentence for every error, an exit code that tells the truth."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    texts.use(texts.from_environment())
    try:
        settings = config.load()
        texts.use(settings.language)
        with mending(settings.home):
            _obey(argv)
    except ZhinanError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain(str(Text("已取消", "cancelled")))
        sys.exit(_CANCELLED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; nothing is left to say
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  the last resort: details to a file, one sentence to the reader
        from tui import crash

        complain(str(crash.write(error, config.home()).text))
        sys.exit(1)


def _obey(argv: Sequence[str] | None) -> None:
    words = sys.argv[1:] if argv is None else argv
    if len(words) == 1 and _is_document(words[0]):
        gc.disable()  # all that is made before the first words stays; the opening screen turns it on again
        sys.exit(screen(Path(words[0])))
    from tui.commands import obey

    obey(argv)


def _is_document(word: str) -> bool:
    """Is it a Markdown file and nothing else a command line could mean? Reading a document need not wait for the options' parser."""
    return not word.startswith("-") and word.lower().endswith((".md", ".markdown")) and os.path.isfile(word)  # noqa: PTH113  never raises
