"""What the catalogue says of an action is so."""

from importlib import import_module

import pytest

from tui.act import ACTIONS
from tui.act.login_options import KNOWN


@pytest.mark.parametrize("name", ACTIONS)
def test_each_is_there_and_documents_its_options(name: str) -> None:
    known = ACTIONS[name]
    module = import_module(f"tui.act.{known.module}")
    assert callable(getattr(module, known.function))
    assert known.title.zh != known.title.en
    assert [option for option in known.options if option not in (module.__doc__ or "")] == []


def test_the_login_judges_every_option_it_has() -> None:
    assert set(KNOWN) == set(ACTIONS["tailscale.login"].options)
