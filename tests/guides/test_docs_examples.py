"""What README and CONTRIBUTING say is run here, or compared with the program: documents are inputs too."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from textual.binding import Binding

from tui import commands
from tui.act import ACTIONS, OPTIONS
from tui.errors import ZhinanError
from tui.guide import parse
from tui.guide.lint import lint
from tui.judge import checks
from tui.judge.expect import Expectation
from tui.practice import faults
from tui.run.events import EXIT_CODES
from tui.ui.screens.guide.bindings import BINDINGS
from tui.ui.widgets import keys

ROOT = Path(__file__).resolve().parents[2]
READMES = ["README.md", "README.en.md"]
PAGES = [*READMES, "CONTRIBUTING.md", "CHANGELOG.md"]
FENCE = re.compile(r"^(?P<mark>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=mark)$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([^`]+)`[^|]*\|(.*)\|$", re.MULTILINE)


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def fences(page: str, *languages: str) -> Iterator[str]:
    for match in FENCE.finditer(read(page)):
        if match["info"] in languages:
            yield match["text"]


def prose(page: str) -> str:
    """The page without its fences, whose links and tables are examples."""
    return FENCE.sub("", read(page))


def shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Each `zhinan …` line that a page shows, as words after the program's name."""
    for page in PAGES:
        for text in fences(page, "bash", "console"):
            for line in text.splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if "zhinan" in words:
                    yield f"{page}: {line}", words[words.index("zhinan") + 1 :]


def parsed(words: list[str]) -> click.Context:
    """The innermost context of a command line, read but not run."""
    command: click.Command = commands.cli
    context = command.make_context("zhinan", list(words))
    if isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, inner, rest = command.resolve_command(context, rest)
        assert inner is not None
        return inner.make_context(name, rest, parent=context)
    return context


def test_the_pages_show_commands() -> None:
    assert len(list(shown_commands())) >= 10


@pytest.mark.parametrize(("where", "words"), shown_commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_shown_is_accepted(where: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    parsed(words)


def test_a_wrong_command_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(click.ClickException):
        parsed(["run", "guides/tailscale-ecs.md", "--no-such-option"])


@pytest.mark.parametrize("page", READMES)
def test_the_options_of_run_are_all_listed(page: str) -> None:
    run = commands.cli.commands["run"]
    known = {option for parameter in run.params if isinstance(parameter, click.Option) for option in parameter.opts}
    listed = {row[1].split()[0] for row in ROW.finditer(prose(page)) if row[1].startswith("--")}
    assert listed == known - {"--help"}


@pytest.mark.parametrize("page", READMES)
def test_every_subcommand_is_shown(page: str) -> None:
    shown = {words[0] for where, words in shown_commands() if where.startswith(f"{page}:") and words}
    assert {name for name, command in commands.cli.commands.items() if not command.hidden} <= shown


@pytest.mark.parametrize("page", READMES)
def test_every_kind_of_check_is_listed_with_its_keys(page: str) -> None:
    rows = {row[1]: row[2] for row in ROW.finditer(prose(page))}
    assert set(checks.KINDS) <= set(rows)
    for name, function in checks.KINDS.items():
        _, *others = inspect.signature(function).parameters
        assert [key for key in others if f"`{key}`" not in rows[name]] == [], name
    assert [field.name for field in fields(Expectation) if f"`{field.name}`" not in rows["probe"]] == []


@pytest.mark.parametrize("page", READMES)
def test_every_action_is_listed_with_its_options(page: str) -> None:
    rows = {row[1]: row[2] for row in ROW.finditer(prose(page))}
    assert set(ACTIONS) <= set(rows)
    for name, known in ACTIONS.items():
        assert [option for option in known.options if f"`{option}`" not in rows[name]] == [], name


@pytest.mark.parametrize("page", READMES)
def test_every_exit_code_is_listed(page: str) -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", prose(page), re.MULTILINE)}
    raised = {kind.exit_code for kind in family(ZhinanError)}
    assert listed == raised | set(EXIT_CODES.values())


def family(kind: type[ZhinanError]) -> Iterator[type[ZhinanError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


@pytest.mark.parametrize("page", READMES)
def test_every_key_is_listed(page: str) -> None:
    listed = set(re.findall(r"`([^`]+)`", "".join(row for row in prose(page).splitlines() if row.startswith("| `"))))
    bound = {keys.key_name(each.key) for each in Binding.make_bindings(BINDINGS)}
    assert bound - listed == set()


@pytest.mark.parametrize("page", READMES)
def test_every_fault_is_listed(page: str) -> None:
    assert [name for name in faults.FAULTS if f"`{name}`" not in prose(page)] == []


@pytest.mark.parametrize("page", READMES)
def test_variables_listed_are_read_by_the_program(page: str) -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tui").rglob("*.py"))
    for name in re.findall(r"^\| `(ZHINAN_\w+)` \|", prose(page), re.MULTILINE):
        assert f'"{name}"' in sources, name


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if not link.startswith("http")]
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("page", READMES)
def test_the_example_guide_is_a_good_one(page: str, tmp_path: Path) -> None:
    whole, *pieces = fences(page, "markdown")
    path = tmp_path / "example.md"
    path.write_text(whole, "utf-8")
    guide = parse.load(path)
    assert lint(guide, OPTIONS) == []
    assert [step.id for step in guide.steps] == ["install", "look"]
    assert [spec.kind for step in guide.steps for spec in step.checks] == ["probe", "service", "port"]
    for piece in pieces:
        path.write_text(f"# T\n\n<!-- step\nid: a\non: local\n-->\n## Step 1: A\n\n{piece}", "utf-8")
        assert lint(parse.load(path), OPTIONS) == []


def test_the_layout_names_every_part() -> None:
    shown = "".join(fences("CONTRIBUTING.md", "text"))
    parts = {path.name for path in (ROOT / "tui").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert [part for part in sorted(parts) if f"{part}/" not in shown] == []


def test_both_readmes_show_the_same() -> None:
    chinese, english = (prose(page) for page in READMES)
    assert len(chinese.splitlines()) - len(english.splitlines()) == 0
    for pattern in (r"!\[[^\]]*\]\(([^)]+)\)", r"^\| `([^`]+)`", r"^\| (\d+) \|"):
        assert [normal(each) for each in re.findall(pattern, chinese, re.MULTILINE)] == [
            normal(each) for each in re.findall(pattern, english, re.MULTILINE)
        ]


def normal(first: str) -> str:
    """The first cell of a row without the words that differ by language (`--on 名字=目标`, `--on NAME=TARGET`)."""
    return first.split(maxsplit=1)[0]
