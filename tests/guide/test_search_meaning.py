"""What a typed word may mean, what counts more than what, and what is said where nothing is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.guide.search.find import Hit
from tui.guide.search.index import Index, wire

LOGIN = """\
---
id: how-to-login
title: 登录服务器
---
# 登录服务器

## 准备

先装好 Tailscale，见 <https://example.com>。

### 第1步：打开防火墙

> - **放行** 端口 41641

```bash
sudo ufw allow 41641/udp
```

```text
Status: active
```

设置
----

最后再 登录 一次。
"""


@pytest.fixture
def index(tmp_path: Path) -> Index:
    folder = tmp_path / "guides"
    (folder / "failures").mkdir(parents=True)
    for name, text in {
        "login.md": LOGIN,
        "slow.md": "# 很慢怎么办\n\n只能走中继（登录之后才看得出来）。用 `tailscale netcheck` 看。\n",
        "slow.en.md": "# Slow\n\nOnly through a relay. Look with `tailscale netcheck`.\n",
        "failures/authkey-expired.md": "---\nid: authkey-expired\nsigns:\n- 'invalid key: API key'\n---\n# 认证密钥已过期\n",
        "english.md": "# Handling\n\nThe handle of a bundle.\n\n`ufw` is a firewall; netfilter too.\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    index = Index(tmp_path / "home", [folder])
    index.update()
    return index


def found(index: Index, words: str) -> list[str]:
    return [hit.path.name for hit in index.find(words, language="zh").hits]


def best(index: Index, words: str) -> Hit:
    return index.find(words, language="zh").hits[0]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("登录", ["login.md", "slow.md"]),
        ("denglu", ["login.md", "slow.md"]),
        ("dengl", ["login.md", "slow.md"]),
        ("dl", ["login.md", "slow.md", "english.md"]),  # by sound before the middle of a word
        ("fanghuoqiang", ["login.md"]),
        ("fhq", ["login.md"]),
        ("zhongji", ["slow.md"]),
        ("tailscal", ["login.md", "slow.md"]),
        ("tialscale", ["login.md", "slow.md"]),
        ("tialscal", ["login.md", "slow.md"]),
        ("tailscale 登录", ["login.md", "slow.md"]),
        ("tailscale 防火墙", ["login.md"]),
        ("netcheck denglu", ["slow.md"]),
        ("netchekc 中继", ["slow.md"]),
        ("UFW", ["login.md", "english.md"]),
        ("４１６４１", ["login.md"]),
        ("41641/udp", ["login.md"]),
        ("41641/tcp", []),
        ("invalid key", ["authkey-expired.md"]),
        ("authkey", ["authkey-expired.md"]),
        ("how-to", ["login.md"]),
        ("", []),
        (" \t", []),
        ("登录 没有的", []),
    ],
)
def test_found_best_first(index: Index, words: str, names: list[str]) -> None:
    assert found(index, words) == names


def test_title_before_heading_before_command_before_text(tmp_path: Path) -> None:
    folder = tmp_path / "guides"
    folder.mkdir()
    for name, text in {
        "d.md": "# D\n\n含有 nebula 的话\n",
        "c.md": "# C\n\n```bash\nnebula start\n```\n",
        "b.md": "# B\n\n## nebula\n",
        "a.md": "# nebula\n",
        "e.md": "# E\n\n<!-- check\n- probe: nebula\n-->\n",
        "f.md": "# F\n\nnebulae\n",
        "g.md": "# G\n\nsupernebula\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    index = Index(tmp_path / "home", [folder])
    index.update()
    assert found(index, "nebula") == ["a.md", "b.md", "c.md", "d.md", "f.md", "g.md", "e.md"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("nebula", ["z.md", "a.md", "y.md"]),  # a heading first; of two texts the guide's
        ("nebula stuck", ["z.md", "a.md", "y.md"]),
        ("nebula failed", ["a.md", "z.md"]),  # what stands in a log is asked of the failure pages
    ],
)
def test_of_hits_as_good_as_each_other_the_likelier_document_comes_first(tmp_path: Path, words: str, names: list[str]) -> None:
    failures = tmp_path / "guides" / "failures"
    failures.mkdir(parents=True)
    (failures / "a.md").write_text("# nebula is stuck, it failed\n", encoding="utf-8")
    (tmp_path / "guides" / "z.md").write_text("# nebula is stuck, it failed\n", encoding="utf-8")
    (tmp_path / "guides" / "y.md").write_text("# Y\n\nnebula is stuck\n", encoding="utf-8")
    index = Index(tmp_path / "home", [tmp_path / "guides"])
    index.update()
    assert found(index, words) == names


def test_as_written_before_by_sound_before_a_typo(tmp_path: Path) -> None:
    folder = tmp_path / "guides"
    folder.mkdir()
    (folder / "sound.md").write_text("# 登录\n", encoding="utf-8")
    (folder / "written.md").write_text("# X\n\nrun denglu\n", encoding="utf-8")
    (folder / "typo.md").write_text("# dengla\n", encoding="utf-8")
    index = Index(tmp_path / "home", [folder])
    index.update()
    assert found(index, "denglu") == ["written.md", "sound.md"]  # a typo is thought of only where nothing else is there
    assert found(index, "denglx") == ["written.md", "typo.md"] or found(index, "denglx") == ["typo.md", "written.md"]


def test_a_hit_says_where(index: Index) -> None:
    hit = best(index, "放行")
    assert (hit.line, hit.heading, hit.text) == (13, ("登录服务器", "准备", "第1步：打开防火墙"), "**放行** 端口 41641")
    assert [hit.text[start:end] for start, end in hit.spans] == ["放行"]
    assert best(index, "最后").heading == ("登录服务器", "设置")
    assert best(index, "准备").heading == ("登录服务器",)
    assert wire(hit) == {
        "guide": str(hit.path),
        "title": "登录服务器",
        "line": 13,
        "heading": "登录服务器 › 准备 › 第1步：打开防火墙",
        "text": "**放行** 端口 41641",
        "spans": [[2, 4]],
        "score": hit.score,
    }
    assert 0 < hit.score <= 1


def test_the_line_with_most_of_the_words_is_shown(index: Index) -> None:
    hit = best(index, "allow 41641 登录")
    assert hit.text == "sudo ufw allow 41641/udp"
    assert [hit.text[start:end] for start, end in hit.spans] == ["allow", "41641"]


def test_pinyin_and_typos_show_what_they_found(index: Index) -> None:
    hit = best(index, "denglu")
    assert [hit.text[start:end] for start, end in hit.spans] == ["登录"]
    hit = best(index, "tialscale")
    assert [hit.text[start:end] for start, end in hit.spans] == ["Tailscale"]


def test_of_twins_the_one_in_our_language(index: Index) -> None:
    def names(language: str) -> set[str]:
        return {hit.path.name for hit in index.find("netcheck", language=language).hits}  # type: ignore[arg-type]

    assert names("zh") == {"slow.md"}
    assert names("en") == {"slow.en.md"}
    assert [hit.path.name for hit in index.find("relay", language="zh").hits] == ["slow.en.md"]


def test_failure_pages_are_known_as_such(index: Index) -> None:
    assert best(index, "过期").failure
    assert not best(index, "放行").failure


def test_a_limit_ends_the_reading(index: Index) -> None:
    result = index.find("e", language="zh", limit=1)
    assert len(result.hits) == 1
    assert not result.counted
    assert result.total >= 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("netchxkkk", "没有找到“netchxkkk”；相近的有：netcheck"),
        ("防火壁", "没有找到“防火壁”；相近的有：防火"),
        ("龘龘", "没有找到“龘龘”"),
        ("登录 龘龘", "没有找到“龘龘”"),
        ("bundle 防火墙", "每个词都找得到，但没有一份文档同时含有“bundle”、“防火墙”；少写一个词试试"),
    ],
)
def test_where_nothing_is_found_something_near_is_named(index: Index, words: str, sentence: str) -> None:
    assert index.find(words, language="zh").hits == ()
    assert index.near(words).zh == sentence
