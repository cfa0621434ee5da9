"""The command line as a user meets it: one sentence for every mistake, exit codes that tell the truth, both languages."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

RECORDING = {
    "jobs": [
        {"script": "app --version", "errors": ["app: not found\n"], "code": 127},
        {"script": "app --version", "output": ["1.2.3\n"]},
        {"script": "install", "output": ["Reading lists…\n", "done\n"]},
        {"script": "break", "output": ["E: no\n"], "code": 100},
        {"script": "vanish", "end": "lost"},
    ]
}
GUIDE = """---
id: demo
targets: {ecs: {ask: where?, example: root@203.0.113.1}}
inputs: {NAME: {type: text, ask: name?}, KEY: {type: secret, ask: key?}}
---
# Demo

<!-- step
id: install
on: ecs
-->
## Step 1: Install

```bash
install
```

<!-- check
- probe: app --version
  expect: {matches: '(?P<v>[0-9.]+)'}
  say: 已安装 {v}
-->

<!-- step
id: break
on: ecs
-->
## Step 2: Break

```bash
break
```

<!-- step
id: vanish
on: ecs
-->
## Step 3: Vanish

```bash
vanish
```

<!-- step
id: hand
-->
## Step 4: By hand

- [ ] click it

<!-- step
id: named
on: local
-->
## Step 5: Named

```bash
echo "hello $NAME"
```
"""


class Zhinan:
    """Runs the program in a folder of its own and keeps what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "demo.md").write_text(GUIDE, encoding="utf-8")
        (folder / "replay.json").write_text(json.dumps(RECORDING), encoding="utf-8")
        self.ecs = f"ecs=replay://{folder / 'replay.json'}"

    def __call__(self, *words: str | Path, lang: str = "zh", **environ: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "ZHINAN_HOME": str(self.folder / "home"), "ZHINAN_LANG": lang, "PYTHONUTF8": "1", **environ}
        return subprocess.run(
            [sys.executable, "-m", "tui", *map(str, words)],
            cwd=self.folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def zhinan(tmp_path: Path) -> Zhinan:
    return Zhinan(tmp_path)


def test_run_tells_events_and_ends_with_run_ended(zhinan: Zhinan) -> None:
    done = zhinan("run", "demo.md", "--step", "install", "--on", zhinan.ecs, "--yes", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [events[0]["event"], events[-1]["event"], events[-1]["verdict"]] == ["RunStarted", "RunEnded", "passed"]
    assert all({"event", "run", "at"} <= event.keys() for event in events)
    assert "".join(event["text"] for event in events if event["event"] == "Printed") == "Reading lists…\ndone\n"


@pytest.mark.parametrize(
    ("step", "code", "verdict"),
    [("install", 0, "passed"), ("break", 1, "failed"), ("vanish", 3, "unknown"), ("hand", 3, "unknown")],
)
def test_exit_codes(zhinan: Zhinan, step: str, code: int, verdict: str) -> None:
    done = zhinan("run", "demo.md", "--step", step, "--on", zhinan.ecs, "--yes", "--json")
    assert done.returncode == code
    assert json.loads(done.stdout.splitlines()[-1])["verdict"] == verdict


def test_unapproved_is_refused_and_nothing_ran(zhinan: Zhinan) -> None:
    done = zhinan("run", "demo.md", "--step", "install", "--on", zhinan.ecs)
    assert done.returncode == 4
    assert "--yes" in done.stdout + done.stderr
    assert "Reading lists" not in done.stdout


def test_a_run_stops_at_the_first_failure(zhinan: Zhinan) -> None:
    done = zhinan("run", "demo.md", "--from", "break", "--on", zhinan.ecs, "--yes", "--input", "NAME=x", "--json")
    started = [json.loads(line)["step"] for line in done.stdout.splitlines() if '"StepStarted"' in line]
    assert started == ["break"]


def test_plain_output_for_people(zhinan: Zhinan) -> None:
    done = zhinan("run", "demo.md", "--step", "install", "--on", zhinan.ecs, "--yes")
    assert "  $ install\n  | Reading lists…\n  | done\n  ✓ 已安装 1.2.3\n✓ 通过" in done.stdout
    english = zhinan("run", "demo.md", "--step", "break", "--on", zhinan.ecs, "--yes", lang="en")
    assert "✗ failed: the command exited with 100" in english.stdout


def test_values_come_from_flag_and_environment(zhinan: Zhinan) -> None:
    flag = zhinan("run", "demo.md", "--step", "named", "--yes", "--input", "NAME=旗")
    environ = zhinan("run", "demo.md", "--step", "named", "--yes", NAME="境")
    assert "hello 旗" in flag.stdout
    assert "hello 境" in environ.stdout


def test_a_missing_value_names_the_option(zhinan: Zhinan) -> None:
    done = zhinan("run", "demo.md", "--step", "named", "--yes")
    assert done.returncode == 2
    assert "--input NAME=" in done.stdout + done.stderr


def test_a_missing_place_names_the_option(zhinan: Zhinan) -> None:
    done = zhinan("run", "demo.md", "--step", "install", "--yes")
    assert done.returncode == 2
    assert "--on ecs=root@203.0.113.1" in done.stdout + done.stderr


def test_junit(zhinan: Zhinan) -> None:
    report = zhinan.folder / "report.xml"
    done = zhinan("run", "demo.md", "--step", "install", "--step", "break", "--on", zhinan.ecs, "--yes", "--junit", report)
    suite = ET.parse(report).getroot()
    assert done.returncode == 1
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    assert "E: no" in "".join(suite.itertext())


def test_secret_on_the_command_line_warns(zhinan: Zhinan) -> None:
    done = zhinan("run", "demo.md", "--step", "install", "--on", zhinan.ecs, "--yes", "--input", "KEY=hunter2")
    assert "KEY" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_steps_json(zhinan: Zhinan) -> None:
    rows = json.loads(zhinan("steps", "demo.md", "--json").stdout)
    assert [row["id"] for row in rows] == ["install", "break", "vanish", "hand", "named"]
    assert set(rows[0]) == {"id", "title", "on", "line", "commands", "checks", "action"}
    assert rows[0]["commands"] == [{"text": "install", "language": "bash", "line": 15, "explicit": False, "on": "ecs"}]


def bad_files(folder: Path) -> None:
    (folder / "folder.md").mkdir()
    (folder / "binary.md").write_bytes(b"\x7fELF\x00\x00\x01" * 50)
    (folder / "encoding.md").write_bytes("好的\n".encode() + b"\xff\xfe\xfa bad\n")
    (folder / "empty.md").write_text("", encoding="utf-8")
    (folder / "prose.md").write_text("# 只有文字\n\n没有步骤。\n", encoding="utf-8")
    (folder / "broken.md").write_text("<!-- step\nid: a\ncolour: red\n-->\n## 第1步：x\n\n```bash\ntrue\n```\n", encoding="utf-8")


BAD = [
    (["run", "missing.md", "--yes"], 2, "missing.md"),
    (["run", "folder.md", "--yes"], 2, "folder.md"),
    (["run", "binary.md", "--yes"], 2, "binary.md"),
    (["run", "encoding.md", "--yes"], 2, "encoding.md"),
    (["run", "empty.md", "--yes"], 2, "empty.md"),
    (["run", "prose.md", "--yes"], 2, "prose.md"),
    (["run", "broken.md", "--yes", "--on", "x=local"], 2, "broken.md:3"),
    (["run", "demo.md", "--step", "instal"], 2, "install"),
    (["run", "demo.md", "--on", "ecs"], 2, "--on"),
    (["run", "demo.md", "--on", "ecs=ftp://x", "--step", "install", "--yes"], 2, "ssh://"),
    (["run", "demo.md", "--on", "esc=local", "--step", "install", "--yes"], 2, "ecs"),
    (["run", "demo.md", "--input", "NAEM=x"], 2, "NAME"),
    (["run", "demo.md", "--bogus"], 2, "--bogus"),
    (["run"], 2, "GUIDE"),
    (["run", "tailscale-esc"], 2, "tailscale-ecs"),
    (["lint", "broken.md"], 2, "broken.md:3"),
    (["lint", "missing.md"], 2, "missing.md"),
    (["steps", "missing.md"], 2, "missing.md"),
    (["practice", "--fault", "disk-ful"], 2, "disk-full"),
    ([], 2, "zhinan run"),
    (["demo.md"], 2, "zhinan run"),
]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("words", "code", "names"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_bad_input_gets_one_clear_sentence(zhinan: Zhinan, words: list[str], code: int, names: str, lang: str) -> None:
    bad_files(zhinan.folder)
    done = zhinan(*words, lang=lang)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert names in said
    assert "Traceback" not in said
    assert bool(re.search(r"[\u4e00-\u9fff]", said)) is (lang == "zh") or "只有文字" in said or "prose" in names
    if done.stderr:
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_name_longer_than_any_file_is_no_traceback(zhinan: Zhinan) -> None:
    done = zhinan("x" * 5000)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_what_nobody_foresaw_is_one_sentence_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from tui import cli
    from tui.headless import doctor

    def breaks(_settings: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setenv("ZHINAN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(doctor, "examine", breaks)
    with pytest.raises(SystemExit) as ended:
        cli.main(["doctor"])
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert "crash.log" in said
    assert "Traceback" not in said
    assert "boom" in (tmp_path / "home" / "crash.log").read_text()


def test_a_home_that_can_not_be_written_is_said(zhinan: Zhinan) -> None:
    blocked = zhinan.folder / "file"
    blocked.write_text("", encoding="utf-8")
    done = zhinan("run", "demo.md", "--step", "install", "--on", zhinan.ecs, "--yes", ZHINAN_HOME=str(blocked / "home"))
    assert done.returncode == 2
    assert "ZHINAN_HOME" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("address", "code", "says"),
    [
        ("root@127.0.0.1:1", 1, "127.0.0.1:1"),
        ("root@no-such-host.invalid", 3, "no-such-host.invalid"),
        ("replay:///no/such.json", 1, "such.json"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_host_that_is_no_use_gets_its_sentence_and_exit_code(zhinan: Zhinan, address: str, code: int, says: str, lang: str) -> None:
    done = zhinan("run", "demo.md", "--step", "install", "--on", f"ecs={address}", "--yes", "--json", lang=lang)
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["event"], last["exit_code"]) == (code, "RunEnded", code)
    assert says in last["why"][lang]
    assert "CommandStarted" not in done.stdout
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_names_file_key_and_nearest(zhinan: Zhinan) -> None:
    home = zhinan.folder / "home"
    home.mkdir()
    (home / "config.toml").write_text('langauge = "en"\n', encoding="utf-8")
    done = zhinan("doctor")
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("config.toml", "langauge", "language"))


def test_lint_of_a_good_document_says_nothing(zhinan: Zhinan) -> None:
    (zhinan.folder / "good.md").write_text("## 第1步：看\n\n在本机执行：\n\n```bash\ntrue\n```\n", encoding="utf-8")
    done = zhinan("lint", "good.md")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_doctor(zhinan: Zhinan) -> None:
    done = zhinan("doctor", "--json")
    assert {"name", "status", "say"} == set(json.loads(done.stdout)[0])
    assert done.returncode == 0


def test_help_in_both_languages(zhinan: Zhinan) -> None:
    assert "不用全屏界面" in zhinan("--help").stdout
    assert not re.search(r"[\u4e00-\u9fff]", zhinan("run", "--help", lang="en").stdout)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_the_step_properly(zhinan: Zhinan) -> None:
    held = {"jobs": [{"script": "install", "output": ["working\n"], "hold": True}, {"script": "*", "code": 1}]}
    (zhinan.folder / "replay.json").write_text(json.dumps(held), encoding="utf-8")
    env = {**os.environ, "ZHINAN_HOME": str(zhinan.folder / "home")}
    words = [sys.executable, "-m", "tui", "run", "demo.md", "--step", "install", "--on", zhinan.ecs, "--yes", "--json"]
    with subprocess.Popen(words, cwd=zhinan.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(json.loads(line))
            if lines[-1]["event"] == "Printed":
                process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert [line["event"] for line in lines[-3:]] == ["CommandEnded", "StepEnded", "RunEnded"]
    assert lines[-1]["verdict"] == "cancelled"
