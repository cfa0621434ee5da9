"""No AccessKey was found anywhere: a person types one, it is tried by one harmless call, and kept only if they want it.

The secret goes from the form to the library and, if so wished, to the system's keyring; no argument, log, journal or exception sees it.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

from tui.cloud import ecs_keyring, ecs_keys
from tui.cloud.ecs_api import FIRST_REGION, EcsApi
from tui.cloud.ecs_errors import EcsRefused, MayNot
from tui.cloud.ecs_keys import Keys, NoneFound
from tui.errors import ConfigError
from tui.run.action import Stage
from tui.run.ask import KeyAnswer, KeyQuestion
from tui.run.places import Places
from tui.texts import Text
from tui.threads import call

TRIES: Final = 3
_typed: Final[WeakKeyDictionary[Places, Keys]] = WeakKeyDictionary()
"""What was typed in a run, by the run's places: the look and the change after it ask once. It goes with the run."""


async def typed_key(stage: Stage, missing: NoneFound) -> Keys:
    """The key a person types, once in a run.

    Raises `missing` where nobody does, EcsRefused after the third wrong one, Unreachable where it can't be tried.
    """
    if (known := _typed.get(stage.places)) is not None:
        return known
    keeps = await call(ecs_keyring.usable)
    wrong: EcsRefused | None = None
    for _ in range(TRIES):
        question = KeyQuestion(wrong.text if wrong else None, keeps)
        answer = await stage.unless_stopped(stage.asker.access_key(question))
        if answer is None:
            raise wrong or missing
        stage.redactor.add(answer.secret)
        found = ecs_keys.asked(answer.id, answer.secret, answer.region)
        try:
            await _try(stage, found)
        except EcsRefused as refused:
            wrong = refused
            continue
        await _keep(stage, answer)
        _typed[stage.places] = found
        return found
    raise wrong or missing


async def _try(stage: Stage, found: Keys) -> None:
    """DescribeRegions changes nothing and costs nothing; whoever may not ask it has a right key all the same."""
    try:
        await stage.unless_stopped(EcsApi(found, environ=stage.environ).ask("DescribeRegions", found.region or FIRST_REGION))
    except MayNot:
        return


async def _keep(stage: Stage, answer: KeyAnswer) -> None:
    if not answer.keep:
        await stage.note(_ONCE)
        return
    try:
        await call(ecs_keyring.store, answer.id, answer.secret, answer.region)
    except ConfigError as error:
        await stage.note(error.text)
        return
    await stage.note(_KEPT)


_ONCE: Final = Text(
    "AccessKey 核对过了，只用于这一次，没有保存", "the AccessKey was tried and is used for this run only; it is kept nowhere"
)
_KEPT: Final = Text(
    "AccessKey 核对过了，已存进系统钥匙串；要忘掉它：zhinan doctor --forget-key",
    "the AccessKey was tried and is kept in the system's keyring; to forget it: zhinan doctor --forget-key",
)
