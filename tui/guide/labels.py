"""Numbered beginnings: 第2步, 步骤二, Step 3, and the marks of lists that Markdown does not know: （1）, ①, 1、.

A label counts only where a title, a separator or nothing follows. “第3步成功后删除缓存” is a sentence about a step, not a step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMERAL = r"(?:[0-9０-９]+(?:[.．][0-9０-９]+)*(?:[-–~～至][0-9０-９]+(?![\w]))?|[一二三四五六七八九十百零〇两]+)"
_LABEL = re.compile(
    rf"(?P<label>第\s*(?P<a>{_NUMERAL})\s*步(?!骤?[数长])骤?|步骤\s*[（(]?\s*(?P<b>{_NUMERAL})\s*[）)]?"
    rf"|step\s*[#-]?\s*(?P<c>[0-9]+(?:\.[0-9]+)*(?:-[0-9]+\b)?|[a-z]+\b)(?:\s+of\s+\d+)?)",
    re.IGNORECASE,
)
_SPELLED = "one two three four five six seven eight nine ten eleven twelve"
_WORDS = {word: number for number, word in enumerate(_SPELLED.split(), 1)}
_SEPARATOR = re.compile(r"^\s*(?:[：:、.．\-–—|】\]）)》>,，·]+|\s)\s*")
_CLAUSE = re.compile(
    r"^(?:[之以]?[后前中里间时]|[的和与到至会将已是如若就才也都要需应可能不没有出失报跳]|成功|完成|执行完|结束|做完|所|及|或|同"
    r"|进行|操作|、\s*第|产生|生成|提到|得到)"
)
_CLAUSE_ENGLISH = re.compile(
    r"^\s+(?:is|are|was|were|has|have|had|will|would|should|must|can|could|may|might|does|did|fails?|failed|succeeds?|succeeded"
    r"|completes?|completed|and|or|again|above"
    r"|below|needs?|requires?|by step)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"^\s*[、和与及到至~～-]\s*(?:第|步骤|step)", re.IGNORECASE)
_DECORATION = re.compile(r"^[^\w（(①-⑳]+")
_MARK = re.compile(
    r"^(?:[（(](?P<a>[0-9]{1,3}|[一二三四五六七八九十]{1,3})[）)]|(?P<b>[①-⑳])|(?P<c>[0-9]{1,3})(?:、|）|．)"
    r"|(?P<d>[一二三四五六七八九十]{1,3})、)[、.：:]?\s*"
)
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


@dataclass(frozen=True, slots=True)
class Label:
    """`label` as written (`第2步`), the `number` as text of digits, the `title` behind it."""

    label: str
    number: str
    title: str


def numbered(text: str) -> Label | None:
    """The label at the beginning of a heading, an item or a bold line; None where it is none."""
    line = text.strip().split("\n", 1)[0]
    line = _DECORATION.sub("", line)
    match = _LABEL.match(line)
    if not match:
        return None
    written = match["a"] or match["b"] or match["c"]
    number = _number(written)
    rest = line[match.end() :]
    if not number or _AGAIN.match(rest):
        return None
    if match["c"] and (_CLAUSE_ENGLISH.match(rest) or rest[:1].isalnum()):
        return None
    separator = _SEPARATOR.match(rest)
    if written.lower() in _WORDS and rest and rest.strip(" ")[:1] not in "：:.-–—|":
        return None
    if rest and not separator and (_CLAUSE.match(rest) or not (rest[0].isalnum() or rest[0] in "“\"'‘「【《（(`")):
        return None
    return Label(match["label"].strip(), number, clean(rest[separator.end() :] if separator else rest))


def marked(text: str) -> Label | None:
    """The mark of an item in a list that is none for Markdown: （1）, (1), ①, 1、."""
    match = _MARK.match(text.lstrip())
    if not match:
        return None
    number = _number(match["a"] or match["c"] or match["d"] or str(ord(match["b"]) - ord("①") + 1))
    return Label(match[0].strip(), number, item_title(text.lstrip()[match.end() :]))


def clean(title: str) -> str:
    """A title without what only joins it to the text below."""
    return title.strip().rstrip("：:").strip()


def item_title(text: str) -> str:
    """The title of a list item: its first line, its first sentence where the line is long."""
    line = text.strip().split("\n", 1)[0].strip()
    if len(line) > 40:
        line = re.split(r"[。；;！!]|\.\s", line, maxsplit=1)[0]
    return clean(line).rstrip("。；;").strip()


def _number(written: str) -> str:
    if written.lower() in _WORDS:
        return str(_WORDS[written.lower()])
    if written[0] in _DIGITS or written[0] in "十百":
        return str(_chinese(written))
    digits = "".join(chr(ord(char) - 0xFEE0) if "０" <= char <= "９" or char == "．" else char for char in written)
    return digits if digits[0].isdigit() else ""


def _chinese(written: str) -> int:
    total = digit = 0
    for char in written:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS.get(char, 0)
    return total + digit
