"""`zhinan report`: a run as Markdown, on standard output or in a file; or its events, as `zhinan run --json` printed them."""

from __future__ import annotations

from pathlib import Path

import click

from tui.act import report as telling
from tui.config import Settings
from tui.headless.printer import as_json as printed
from tui.run.journal import Journal
from tui.run.past import find
from tui.texts import Text


def report(settings: Settings, run: str, file: Path | None, *, mask: bool, force: bool, as_json: bool) -> None:
    """Tell of the run that `run` means. Raises UsageError: no such run, several, or a file that can't be written."""
    journal = Journal(settings.home)
    try:
        row = find(journal, run)
        if as_json:
            for event in journal.events(row.run):
                printed(event)
            return
        words = telling.text(journal, settings.home, row.run, mask=mask)
    finally:
        journal.close()
    if file is None:
        click.echo(words, nl=False)
        return
    telling.save(file, words, replace=force)
    click.echo(str(Text("报告写好了：{file}", "the report is in {file}").fill(file=file)), err=True)
