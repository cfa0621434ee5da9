"""What the checks and values panels say in every state of a run, and that their columns line up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tui import texts
from tui.guide.model import CheckSpec, Guide, Input, Step
from tui.judge.evidence import Status
from tui.run.events import Checked, Learned, Outcome, StepEnded, StepStarted
from tui.run.state import CheckState, Phase, RunState, StepState, Value, fold_all
from tui.texts import same
from tui.ui.app import speak
from tui.ui.linebreak import width_of
from tui.ui.panels.checks import ChecksPanel, entries
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table, lay_out
from tui.ui.panels.values import ValuesPanel, value_rows
from tui.ui.theme import DARK

PROBE = CheckSpec("probe", {"": "tailscale version", "expect": {"matches": r"^(?P<ts_version>\S+)"}}, 5, "已安装 {ts_version}")
SERVICE = CheckSpec("service", {"name": "tailscaled"}, 6)
STEP = Step("install", "安装", 3, 9, label="第2步", checks=(PROBE, SERVICE))
GUIDE = Guide(Path("g.md"), "g", "g", "", (), (STEP,), "", inputs=(Input("REGION", "choice"), Input("KEY", "secret")))


def seen(status: Status, say: str = "没有", proof: str = "", *, before: bool = False) -> CheckState:
    return CheckState(status, same(say), proof, 0.0, before)


def said(phase: Phase, *checks: CheckState | None) -> list[tuple[str, str, str]]:
    state = StepState(phase, checks={i: check for i, check in enumerate(checks) if check})
    return [(mark.text, sentence.text, proof.text) for mark, sentence, proof in entries(STEP, state)]


NEITHER = ("◦", "已安装", ""), ("◦", "服务 tailscaled", "")


@pytest.mark.parametrize(
    ("phase", "checks", "rows"),
    [
        (Phase.TODO, (), [*NEITHER]),
        (Phase.QUEUED, (), [*NEITHER]),
        (Phase.LOOKING, (), [("▸", "已安装", "正在看"), NEITHER[1]]),
        (Phase.LOOKING, (seen(Status.FAIL, before=True),), [("◦", "已安装", "没有"), ("▸", "服务 tailscaled", "正在看")]),
        (Phase.RUNNING, (seen(Status.FAIL, before=True), seen(Status.FAIL, before=True)), [("▸", "已安装", "等命令结束"), NEITHER[1]]),
        (
            Phase.RUNNING,
            (seen(Status.PASS, "已安装 1.2", "1.2", before=True),),
            [("»", "已安装 1.2", "1.2"), ("▸", "服务 tailscaled", "等命令结束")],
        ),
        (Phase.WAITING, (), [("▸", "已安装", "等你做完"), NEITHER[1]]),
        (Phase.CHECKING, (seen(Status.PASS, "已安装 1.2", "1.2\nmore"),), [("✓", "已安装 1.2", "1.2"), ("▸", "服务 tailscaled", "正在看")]),
        (
            Phase.ENDED,
            (seen(Status.FAIL, "没有找到命令", "sh: not found"), seen(Status.UNKNOWN, "连不上")),
            [("✗", "已安装", "没有找到命令 · sh: not found"), ("?", "服务 tailscaled", "连不上")],
        ),
        (Phase.ENDED, (seen(Status.FAIL, before=True),), [("◦", "已安装", "执行前：没有"), ("◦", "服务 tailscaled", "没有看")]),
        (
            Phase.ENDED,
            (None, seen(Status.PASS, "服务 tailscaled：running", "running")),
            [("◦", "已安装", "没有看"), ("✓", "服务 tailscaled", "running")],
        ),
    ],
)
def test_what_a_check_says(phase: Phase, checks: tuple[CheckState | None, ...], rows: list[tuple[str, str, str]]) -> None:
    assert said(phase, *checks) == rows


def test_a_check_that_could_not_be_looked_at_never_looks_passed() -> None:
    for phase in Phase:
        for before in (True, False):
            marks = {row[0] for row in said(phase, seen(Status.UNKNOWN, before=before), seen(Status.FAIL, before=before))}
            assert not marks & {"✓", "»"}


def test_control_characters_of_a_host_are_written_out() -> None:
    assert "\x1b" not in str(said(Phase.ENDED, seen(Status.FAIL, "\x1b[31mred", "\x1b]0;t\x07")))


def rows_of(state: RunState, step_id: str = "install") -> list[tuple[str, str, str]]:
    return [(name.text, value.text, source.text) for name, value, source in value_rows(GUIDE, state, step_id)]


def test_values_to_come_and_inputs_not_asked_yet() -> None:
    assert rows_of(RunState()) == [
        ("REGION", "—", "执行时会问"),
        ("KEY", "—", "执行时会问"),
        ("ts_version", "—", "第2步后得到"),
    ]


def test_values_known_say_where_they_come_from_and_secrets_stay_masked() -> None:
    state = RunState(
        run="r",
        targets={"ecs": "root@192.0.2.7"},
        values={"REGION": Value("cn-hangzhou", "input", 0.0), "ts_version": Value("1.2", "install", 0.0), "other": Value("x", "gone", 0.0)},
    )
    assert rows_of(state) == [
        ("ecs", "root@192.0.2.7", "你填的"),
        ("REGION", "cn-hangzhou", "你填的"),
        ("KEY", "••••••", "你填的，不显示"),
        ("ts_version", "1.2", "第2步得到"),
        ("other", "x", "gone得到"),
    ]


def test_a_place_given_beforehand_was_not_typed_and_this_computer_needs_no_row() -> None:
    state = RunState(
        run="r",
        targets={"ecs": "ssh://root@127.0.0.1:41234", "local": "local", "hk": "root@192.0.2.8"},
        values={"REGION": Value("cn-hangzhou", "input", 0.0)},
    )
    rows = [(name.text, value.text, source.text) for name, value, source in value_rows(GUIDE, state, "", {"ecs", "REGION"})]
    assert rows[:3] == [
        ("ecs", "root@127.0.0.1:41234", "给定"),
        ("hk", "root@192.0.2.8", "你填的"),
        ("REGION", "cn-hangzhou", "给定"),
    ]


def test_a_column_takes_the_width_that_the_last_one_leaves() -> None:
    sentence = "没有东西在 80 端口上听，也没有别的程序占着它"
    rows = [(Cell("◦"), Cell(sentence), Cell("")), (Cell("✓"), Cell("短"), Cell("1.2"))]
    assert lay_out(rows, (0.03, 0.45), 60)[0].plain == f"◦ {sentence}"
    assert len(lay_out(rows, (0.03, 0.45), 60)) == 2
    address = (Cell("ecs"), Cell("root@127.0.0.1:41234"), Cell("给定"))
    assert [line.plain for line in lay_out([address], (0.3, 0.4), 34)] == ["ecs  root@127.0.0.1:41234  给定"]


def test_a_row_without_a_proof_has_the_whole_width() -> None:
    long = "服务在运行，开机会自己起来，日志里没有错误"
    rows = [(Cell("◦"), Cell(long), Cell("")), (Cell("✗"), Cell("x"), Cell("a proof that is long enough to need a good part of the panel"))]
    assert lay_out(rows, (0.03, 0.45), 50)[0].plain == f"◦ {long}"


words = st.text(alphabet="ab 中文，。/-", max_size=30)


@given(st.lists(st.tuples(st.just("✓"), words, words), min_size=1, max_size=6), st.integers(8, 90))
def test_a_table_loses_no_word_and_never_gets_too_wide(rows: list[tuple[str, str, str]], room: int) -> None:
    cells = [tuple(Cell(text) for text in row) for row in rows]
    lines = [line.plain for line in lay_out(cells, (0.03, 0.45), room)]
    assert all(width_of(line) <= room for line in lines)
    letters = sorted("".join(lines).replace(" ", ""))
    assert letters == sorted("".join("".join(row) for row in rows).replace(" ", ""))


def test_proofs_stand_under_each_other() -> None:
    rows = [(Cell("✓"), Cell("短"), Cell("proof")), (Cell("✗"), Cell("longer sentence"), Cell("proof"))]
    starts = {width_of(line.plain.partition("proof")[0]) for line in lay_out(rows, (0.03, 0.45), 60)}
    assert starts == {1 + 1 + len("longer sentence") + 2}


class Panels(App[None]):
    """Both panels."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield ChecksPanel()
        yield ValuesPanel()


async def test_the_panels_follow_step_and_state() -> None:
    async with Panels().run_test(size=(60, 24)) as pilot:
        checks, values = pilot.app.query_one(ChecksPanel), pilot.app.query_one(ValuesPanel)

        def shown(panel: ChecksPanel | ValuesPanel) -> str:
            return "\n".join(line.plain for line in lay_out(panel.query_one(Table).rows, (0.03, 0.45), 60))

        assert "光标不在步骤上" in shown(checks)
        assert "还没有数值" in shown(values)
        for panel in (checks, values):
            panel.guide, panel.step_id = GUIDE, "install"
        await pilot.pause()
        assert checks.query_one(Heading).facts == ("0 / 2",)
        started = StepStarted(run="r", at=0.0, step="install", on="local", address="local")
        checked = Checked(
            run="r", at=1.0, step="install", check=0, before=False, status=Status.PASS, say=same("已安装 1.2"), proof="1.2",
            values={"ts_version": "1.2"},
        )  # fmt: skip
        ended = StepEnded(run="r", at=2.0, step="install", outcome=Outcome.PASSED, seconds=1.0)
        checks.state = values.state = fold_all([started, checked, ended])
        await pilot.pause()
        assert checks.query_one(Heading).facts == ("1 / 2",)
        assert "✓ 已安装 1.2" in shown(checks)
        assert "第2步得到" in shown(values)
        assert checks.size.height == 3


@pytest.mark.parametrize(("kind", "english"), [(ChecksPanel, "The cursor is on no step"), (ValuesPanel, "No values yet")])
async def test_a_panel_says_everything_again_in_the_other_language(kind: type[ChecksPanel] | type[ValuesPanel], english: str) -> None:
    async with Panels().run_test(size=(60, 24)) as pilot:
        panel = pilot.app.query_one(kind)
        texts.use("en")
        speak(pilot.app.screen)
        await pilot.pause()
        said = " ".join(cell.text for row in panel.query_one(Table).rows for cell in row)
        assert english in said


def test_what_may_stay_empty_is_no_gap_and_what_an_action_keeps_for_itself_is_not_shown() -> None:
    document = Guide(
        Path("g.md"),
        "g",
        "G",
        source="",
        tokens=(),
        steps=(),
        digest="d",
        inputs=(Input("NEEDED"), Input("TOKEN", "secret", optional=True)),
    )
    learned = Learned(run="r", at=0.0, step="a", item=0, values={"ts_ip": "100.64.0.1", "network_before": "x" * 400})
    rows = value_rows(document, fold_all([learned]), "")
    assert [row[0].text for row in rows] == ["NEEDED", "ts_ip"]
