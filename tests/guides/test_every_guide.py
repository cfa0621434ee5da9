"""Every guide that ships is read here: a writer needs no Python to have a new one tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui.act import OPTIONS
from tui.guide import parse
from tui.guide.lint import lint
from tui.guide.model import ActionSpec, Command, Guide, Manual, Step, is_offered
from tui.judge import checks
from tui.judge.install_scripts import INSTALLER

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


@by_name
def test_every_link_leads_to_a_page_in_the_reader_s_language(path: Path) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+\.md[^)\s]*)\)", parse.load(path).source)]
    assert [link for link in links if not (path.parent / link).is_file()] == []
    assert [link for link in links if link.endswith(".en.md") != path.name.endswith(".en.md")] == []


@by_twins
def test_twins_differ_in_words_only(chinese: Path, english: Path) -> None:
    assert shape(parse.load(chinese)) == shape(parse.load(english))


def shape(guide: Guide) -> object:
    """All that runs or is looked at, without the sentences."""
    return (
        guide.id,
        [(spec.name, spec.address, spec.example, spec.same_as, spec.found_by) for spec in guide.targets],
        [(each.name, each.type, each.of, each.default, each.optional) for each in guide.inputs],
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
        case ActionSpec():
            return (item.use, item.options, item.timeout, item.on, item.explicit, item.name, bool(item.say))
        case _:
            return "by hand"


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


def doings(step: Step, *, offered: bool) -> list[str]:
    """What runs with a step, or is offered: a command's first line, an action's name and the options that make a difference."""
    said = []
    for item in step.items:
        if isinstance(item, Command) and item.explicit is offered:
            said.append(item.text.strip().splitlines()[0])
        elif isinstance(item, ActionSpec) and item.explicit is offered:
            telling = [str(item.options[name]) for name in ("phase", "how", "accept_dns", "disable_expiry") if name in item.options]
            said.append(" ".join([item.use, *telling]))
    return said


def test_q1_runs_only_what_it_should_by_itself() -> None:
    guide = parse.load(Q1)
    assert {step.id: doings(step, offered=False) for step in guide.steps} == {
        "register": [],
        "install": ["aliyun.network before", "tailscale.install", "tailscale.login", "aliyun.network after"],
        "local-install": ["tailscale.local"],
        "verify": ["tailscale.verify"],
        "lockdown": ["tailscale.verify", "systemctl is-enabled tailscaled"],
    }


def test_q1_leaves_choices_to_the_reader() -> None:
    guide = parse.load(Q1)
    offered = {step.id: doings(step, offered=True) for step in guide.steps}
    ways = ["aliyun.mend attribute", "aliyun.mend nodivert", "aliyun.mend off", "aliyun.mend undo"]
    assert [each for each in offered["install"] if each.startswith("aliyun")] == ways
    assert {"tailscale.login False", "tailscale.login True"} <= set(offered["install"])
    assert "tailscale.login" in offered["local-install"]
    assert {"tailscale.verify True", "ssh.entry"} <= set(offered["verify"])
    assert offered["lockdown"] == [
        "aliyun.firewall",
        "sudo systemctl enable tailscaled",
        "aliyun.lockdown",
        "aliyun.restore",
        "aliyun.open",
        "aliyun.shut",
    ]


def test_q1_shows_the_command_its_installation_runs() -> None:
    guide = parse.load(Q1)
    assert guide.step("install").commands[0].text == INSTALLER


def test_q1_asks_the_ordinary_reader_for_an_address_and_a_name_only() -> None:
    guide = parse.load(Q1)
    assert [each.name for each in guide.inputs if not each.optional] == ["PUBLIC_IP"]
    assert [spec.name for spec in guide.targets if not spec.value] == ["ecs"]


def test_q1_gates_stand_before_the_change() -> None:
    step = parse.load(Q1).step("lockdown")
    last_gate = max(place for place, item in enumerate(step.items) if not isinstance(item, Manual) and not is_offered(item))
    change = next(place for place, item in enumerate(step.items) if isinstance(item, Manual) and "127.0.0.1/32" in item.text)
    assert last_gate < change
    assert any("会话管理" in item.text for item in step.items[:change] if isinstance(item, Manual))
    assert {spec.on for spec in step.checks} == {"local", "ecs-tailnet"}
