"""Whatever the text, parsing and linting end with a guide; and every command is really there, where it says it is."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.guide.lint import lint
from tui.guide.model import Guide
from tui.guide.outline import outline
from tui.guide.parse import load, parse

CASES = sorted((Path(__file__).parent / "cases").glob("*.md"))
PIECES = (
    "# 标题\n",
    "## 第1步：安装\n",
    "### Step 2: go\n",
    "1. 更新\n",
    "2. 安装\n",
    "- [ ] 点一下\n",
    "（1）看\n",
    "**步骤三**\n",
    "> ",
    "    ",
    "\t",
    "   ",
    "```bash\n",
    "```\n",
    "~~~\n",
    "```console\n",
    "$ cat <<E\n",
    "E\n",
    "me@host:~$ ls\n",
    "PS C:\\> dir\n",
    "# ls -l\n",
    "for i in 1; do\n",
    "done\n",
    "echo 'a\n",
    "执行 `apt update` 和 `ls -l`。\n",
    "`a\nb c`",
    "在服务器上执行：\n",
    "输出如下：\n",
    "内容如下：\n",
    "<!-- step\nid: a\n-->\n",
    "<!-- check\n- probe: x\n-->\n",
    "<!-- command\non: local\n-->\n",
    "<!-- action\nuse: x\n-->\n",
    "<!-- ",
    "-->",
    "---\n",
    "id: x\n",
    "+++\n",
    '{"a": 1}\n',
    "|a|b|\n|-|-|\n|`ls -l`|c|\n",
    "\r\n",
    "\r",
    "\n",
    "\x00",
    "\u2028",
    "![](a.png)",
    "[第1步](#x)\n",
    "\\\n",
    "{name=x}",
    "- ",
    ": [",
    "&a *a\n",
    "? ",
    "!!python/object:x\n",
    "\ud800",
)
documents = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=40).map("".join)


def grounded(guide: Guide) -> None:
    """Every line of every command stands in the source, in order, from `line` to `end`."""
    source = guide.source.split("\n")
    for step in guide.steps:
        assert 1 <= step.line <= step.end <= len(source) + 1
        for command in step.commands:
            around = "\n".join(source[command.line - 1 : command.end])
            assert command.line <= command.end
            assert command.text.strip()
            place = 0
            for word in command.text.replace("\ufffd", "\x00").split():
                found = around.find(word, place)
                assert found >= 0, (word, around)
                place = found + len(word)
            assert command.text.split()[0] in source[command.line - 1].replace("\x00", "\ufffd")


@settings(max_examples=300, deadline=None)
@given(documents)
def test_any_text_gives_a_guide(text: str) -> None:
    guide = parse(text, Path("any.md"))
    lint(guide)
    outline(guide)
    grounded(guide)
    ids = [step.id for step in guide.steps]
    assert len(ids) == len(set(ids))


def test_every_case_is_grounded() -> None:
    guides = [load(path) for path in CASES]
    assert sum(len(step.commands) for guide in guides for step in guide.steps) > 100
    for guide in guides:
        grounded(guide)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CASES), st.sampled_from(("\n\n又一句话。\n", "\n\n## 新的一节\n\n只有话。\n")))
def test_ids_survive_text_added_at_the_end(path: Path, more: str) -> None:
    guide = load(path)
    if "unclosed" in path.stem or guide.source.rstrip().endswith("echo last"):
        return
    assert [step.id for step in parse(guide.source + more, path).steps] == [step.id for step in guide.steps]


def test_ids_survive_a_step_put_in_before() -> None:
    old = "# T\n\n## 第1步：甲\n\n```bash\ndate\n```\n\n## 第2步：乙\n\n```bash\nuptime\n```\n"
    new = old.replace("## 第2步：乙", "## 第2步：新\n\n```bash\nid\n```\n\n## 第3步：乙")
    before = {step.title: step.id for step in parse(old, Path("x.md")).steps}
    after = {step.title: step.id for step in parse(new, Path("x.md")).steps}
    assert {title: after[title] for title in before} == before


def test_digest_follows_what_runs_and_not_the_prose() -> None:
    text = "# T\n\n## 第1步：在服务器上\n\n好。\n\n```bash\ndate\n```\n"
    same = parse(text.replace("好。", "很好。"), Path("x.md"))
    command = parse(text.replace("date", "date -u"), Path("x.md"))
    place = parse(text.replace("在服务器上", "在本地电脑上"), Path("x.md"))
    digest = parse(text, Path("y.md")).digest
    assert same.digest == digest
    assert len({digest, command.digest, place.digest}) == 3


def test_outline_is_the_contract() -> None:
    guide = load(Path(__file__).parent / "cases" / "annotated.md")
    first = outline(guide)[0]
    assert list(first) == ["id", "title", "on", "line", "commands", "checks", "action"]
    assert (first["id"], first["title"], first["on"], first["checks"], first["action"]) == ("install", "安装", "ecs", 2, "tailscale.login")
    assert first["commands"][0] == {"text": 'echo "$REGION"', "language": "bash", "line": 23, "explicit": False, "on": "ecs"}


def test_work_grows_with_the_document_only() -> None:
    """A long document in one section, with open quotes and lists: counted in calls of the place rule, not in seconds."""
    from tui.guide import places

    calls = 0
    original = places._count

    def counted(*args: object) -> tuple[int, bool, bool]:
        nonlocal calls
        calls += 1
        return original(*args)  # type: ignore[arg-type]

    places._count = counted  # type: ignore[assignment]
    try:
        for size in (100, 400):
            calls = 0
            parse("# T\n\n" + "看看。\n\n```bash\necho 1\n```\n\n" * size, Path("x.md"))
            per = calls / size
            assert per < 12
    finally:
        places._count = original


def test_front_matter_is_hidden_and_broken_front_matter_shown() -> None:
    read, broken = (load(Path(__file__).parent / "cases" / name).tokens[0] for name in ("annotated.md", "front-broken-yaml.md"))
    assert (read.type, read.hidden) == ("front_matter", True)
    assert (broken.type, broken.hidden, broken.map) == ("code_block", False, [0, 4])
    assert broken.content == "---\ntitle: [没有关上\nid: x\n---\n"
