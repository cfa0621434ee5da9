"""Every guide that ships is read here: a writer needs no Python to have a new one tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui.act import OPTIONS
from tui.guide import parse
from tui.guide.lint import lint
from tui.guide.model import Command, Guide, Manual, Step
from tui.judge import checks

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "guides").glob("*.md"))
TWINS = [(path, path.with_suffix(".en.md")) for path in GUIDES if not path.name.endswith(".en.md")]
Q1 = ROOT / "guides" / "tailscale-ecs.md"

by_name = pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
by_twins = pytest.mark.parametrize(("chinese", "english"), TWINS, ids=lambda path: path.name)


@by_name
def test_it_is_clean(path: Path) -> None:
    assert [(problem.line, problem.text.en) for problem in lint(parse.load(path), OPTIONS)] == []


@by_name
def test_its_author_named_everything(path: Path) -> None:
    guide = parse.load(path)
    assert guide.id
    assert guide.title
    assert guide.summary
    assert guide.language == ("en" if path.name.endswith(".en.md") else "zh")
    assert guide.steps
    assert [step.title for step in guide.steps if not step.named and not only_offers(step)] == []


def only_offers(step: Step) -> bool:
    """A step that the document never asked to run: an appendix whose commands are only offered."""
    return all(isinstance(item, Command) and item.explicit for item in step.items)


@by_name
def test_every_place_and_check_is_sure(path: Path) -> None:
    guide = parse.load(path)
    places = {"local", *(spec.name for spec in guide.targets)}
    for step in guide.steps:
        assert step.on in places, step.id
        assert {command.on or step.on for command in step.commands} <= places, step.id
        assert {spec.on or step.on for spec in step.checks} <= places, step.id
        for spec in step.checks:
            assert checks.make(spec.kind, spec.args, spec.say).title.en
            assert spec.say or spec.kind == "service", f"{step.id}: line {spec.line} has nothing to say"


@by_name
def test_every_step_says_what_it_changes_and_how_to_go_back(path: Path) -> None:
    guide = parse.load(path)
    lines = guide.source.splitlines()
    for step in (step for step in guide.steps if step.named):
        words = "\n".join(lines[step.line - 1 : step.end])
        assert step.changes is not None, step.id
        for sign in ("**改动**",) if guide.language == "zh" else ("**Changes**",):
            assert sign in words, f"{step.id}: {sign}"
        if step.changes:
            assert "**退回**" in words or "**Going back**" in words, step.id


@by_name
def test_every_picture_is_there(path: Path) -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", parse.load(path).source)
    for words, link in pictures:
        assert words, f"{link} has no description"
        assert (path.parent / link).resolve().is_file(), link


@by_twins
def test_twins_differ_in_words_only(chinese: Path, english: Path) -> None:
    assert shape(parse.load(chinese)) == shape(parse.load(english))


def shape(guide: Guide) -> object:
    """All that runs or is looked at, without the sentences."""
    return (
        guide.id,
        [(spec.name, spec.address, spec.example) for spec in guide.targets],
        [(each.name, each.type, each.of, each.default) for each in guide.inputs],
        [
            (
                step.id,
                step.on,
                step.changes,
                step.undo,
                step.timeout,
                [shape_of(item) for item in step.items],
                [(spec.kind, spec.args, spec.on) for spec in step.checks],
            )
            for step in guide.steps
        ],
        re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", guide.source),
    )


def shape_of(item: object) -> object:
    match item:
        case Command():
            return (item.text, item.language, item.on, item.explicit, item.name, item.interactive, item.background)
        case Manual():
            return "by hand"
        case _:
            return item


def test_q1_has_its_five_steps() -> None:
    guide = parse.load(Q1)
    steps = [step for step in guide.steps if step.named]
    assert [(step.id, step.label) for step in steps] == [
        ("register", "第1步"),
        ("install", "第2步"),
        ("local-install", "第3步"),
        ("verify", "第4步"),
        ("lockdown", "第5步"),
    ]
    assert {step.id: step.on for step in steps} == {
        "register": "local",
        "install": "ecs",
        "local-install": "local",
        "verify": "local",
        "lockdown": "local",
    }
    assert "F1-01.png" in guide.source
    assert "F1-02.png" in guide.source


def test_q1_runs_only_what_it_should_by_itself() -> None:
    guide = parse.load(Q1)
    runs = {step.id: [command.text for command in step.commands if not command.explicit] for step in guide.steps}
    ssh = 'ssh -o BatchMode=yes -o ConnectTimeout=10 -o ControlPath=none -o "HostKeyAlias=${PUBLIC_IP}" "${ecs_user}@${ts_ip}" true'
    assert runs["register"] == []
    assert [text.strip() for text in runs["install"]] == ["curl -fsSL https://tailscale.com/install.sh | sh"]
    assert runs["local-install"] == []
    assert [text.strip() for text in runs["verify"]] == ["tailscale ip -4", 'tailscale ping --until-direct=false -c 3 "${ts_ip}"', ssh]
    assert [text.strip() for text in runs["lockdown"]][1:] == [ssh]
    assert all("aliyun" not in text or "getent" in text for texts in runs.values() for text in texts), "no command changes a security group"


def test_q1_gates_stand_before_the_change() -> None:
    step = parse.load(Q1).step("lockdown")
    last_gate = max(place for place, item in enumerate(step.items) if isinstance(item, Command) and not item.explicit)
    change = next(place for place, item in enumerate(step.items) if isinstance(item, Manual) and "127.0.0.1/32" in item.text)
    assert last_gate < change
    assert any("会话管理" in item.text for item in step.items[:change] if isinstance(item, Manual))
