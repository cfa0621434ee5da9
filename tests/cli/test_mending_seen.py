"""A lockdown that a dead program left is told inside the screen, and not once more behind it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from terminal import Display

from tui.act.lockdown_record import begin
from tui.judge.addresses import addresses
from tui.judge.firewall import Group, Instance, Interface, Policy, Rule, Source, Wall
from tui.judge.firewall_plan import plan
from tui.judge.firewall_store import change_to_map, wall_to_map
from tui.judge.lockdown import Phase

SSH = Rule("sgr-1", Policy.ACCEPT, 100, "TCP", Source("ipv4", "0.0.0.0/0", addresses("0.0.0.0/0")), (22, 22), description="ssh")
WALL = Wall(Instance("i-1", "web", "cn-hangzhou", (Interface("eni-1", ("sg-1",)),)), (Group("sg-1", rules=(SSH,)),))


def left_half_done(home: Path) -> None:
    """A record of a lockdown that was cut off after its first call, at an interface that is not ours."""
    made = plan(WALL)
    change = change_to_map(made.changes[0])
    with begin(home, region="cn-hangzhou", instance="i-1", server="web-1", port=22, endpoint="http://127.0.0.1:9") as record:
        record.add(Phase.SAVED, before=wall_to_map(made.before), plan=[change])
        record.add(Phase.WRITING, change=change, token="t", back=False)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize("words", [(), ("guides/failures/disk-full.en.md",)], ids=["library", "document"])
def test_it_is_read_in_the_screen(tmp_path: Path, words: tuple[str, ...]) -> None:
    left_half_done(tmp_path / "home")
    environ = {"ZHINAN_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "ZHINAN_LANG": "en", "ZHINAN_ECS_ENDPOINT": ""}
    with Display([sys.executable, "-m", "tui", *words], rows=24, columns=80, environ=environ) as display:
        display.wait("A lockdown that was not finished", "web-1", "another API")
        display.press("enter")
        display.wait_gone("A lockdown that was not finished")
        display.send("\x11")  # ctrl+q
        display.finish()
        assert "unfinished lockdown" not in display.text()
