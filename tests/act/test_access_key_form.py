"""No AccessKey anywhere: one is typed, tried by one harmless call, kept only where that was wished, and seen by nothing else."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from act_server import Server as Scripted
from act_server import play
from acted_lockdown import World

from tui.act.ecs import keys
from tui.cloud.ecs_keys import ID, SECRET, Keys
from tui.run.action import Stage
from tui.run.ask import KeyAnswer, KeyQuestion, Nobody
from tui.run.events import Outcome
from tui.secret import Secret

sys.path.append(str(Path(__file__).parents[1] / "ecs"))
from ecs_stage import KEY

WRONG, RIGHT = KeyAnswer(KEY.id, Secret("wrong-secret")), KeyAnswer(f" {KEY.id} ", Secret(KEY.secret), "cn-hangzhou")


@dataclass
class Typing(Nobody):
    """Types these, one after the other; then nothing."""

    answers: list[KeyAnswer]
    asked: list[KeyQuestion] = field(default_factory=list)

    async def access_key(self, question: KeyQuestion) -> KeyAnswer | None:
        self.asked.append(question)
        return self.answers.pop(0) if self.answers else None


@dataclass
class Form:
    """The form in a run: what it found (`found`, once for each time it was needed), what was kept, how the run ended."""

    world: World
    kept: list[tuple[str, str, str]] = field(default_factory=list)
    found: list[Keys] = field(default_factory=list)

    async def fill(self, *answers: KeyAnswer) -> tuple[Typing, Outcome | None, str]:
        person = Typing(list(answers))

        async def act(stage: Stage) -> None:
            self.found += [await keys(stage), await keys(stage)]

        home = self.world.home / "j"
        played = await play(Scripted([]), "form", act, home, asker=person)
        for path in (each for each in self.world.home.rglob("*") if each.is_file()):
            assert b"wrong-secret" not in path.read_bytes(), path
            assert KEY.secret.encode() not in path.read_bytes(), path
        return person, played.outcome, f"{played.why}\n{played.log}"

    @property
    def calls(self) -> list[str]:
        return [action for action, _ in self.world.stage.service.faults.asked]


@pytest.fixture
def form(lockdown: World, monkeypatch: pytest.MonkeyPatch) -> Form:
    one = Form(lockdown)
    for name in (ID, SECRET):
        monkeypatch.delenv(name)
    monkeypatch.setattr("tui.cloud.ecs_keyring.stored", lambda: None)
    monkeypatch.setattr("tui.cloud.ecs_keyring.usable", lambda: True)
    monkeypatch.setattr("tui.cloud.ecs_keyring.store", lambda key, secret, region: one.kept.append((key, secret.reveal(), region)))
    return one


async def test_a_wrong_key_is_one_sentence_and_asked_again(form: Form) -> None:
    person, outcome, said = await form.fill(WRONG, RIGHT)
    assert outcome is Outcome.PASSED, said
    assert person.asked[0].wrong is None
    assert person.asked[1].wrong is not None
    assert "\n" not in person.asked[1].wrong.en
    assert form.calls == ["DescribeRegions"], "the wrong one is turned away at the door, and what was typed is known from then on"
    assert (form.found[0].id, form.found[0].region, form.found[0] is form.found[1]) == (KEY.id, "cn-hangzhou", True)
    assert form.kept == []


async def test_it_is_kept_where_that_is_wished_and_only_once_it_was_right(form: Form) -> None:
    wrong, right = KeyAnswer(KEY.id, Secret("wrong-secret"), keep=True), KeyAnswer(KEY.id, Secret(KEY.secret), keep=True)
    _, outcome, said = await form.fill(wrong, right)
    assert outcome is Outcome.PASSED, said
    assert form.kept == [(KEY.id, KEY.secret, "")]
    assert "doctor --forget-key" in said


async def test_nobody_types_one(form: Form) -> None:
    _, outcome, said = await form.fill()
    assert outcome is not Outcome.PASSED
    assert "no Alibaba Cloud AccessKey found" in said
    assert form.calls == []


async def test_three_wrong_ones_end_it(form: Form) -> None:
    person, outcome, _ = await form.fill(WRONG, WRONG, WRONG, RIGHT)
    assert (outcome is Outcome.PASSED, len(person.asked)) == (False, 3)
