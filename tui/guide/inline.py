"""Commands inside a sentence: “执行 `apt update`”, “重启：`systemctl restart x`”, a list item that is nothing but a command.

Only an imperative offers its code. Reports (“脚本会自动执行 …”), warnings (“不要执行 …”), file names, options and values are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.token import Token

from tui.guide.blocks import Block
from tui.guide.fences import Draft
from tui.guide.shell import has_arguments, lone_program, program, reads_as_command

_BETWEEN = (
    r"(?:\s|一下|一次|一遍|以下|下面|如下|下列|这条|这个|该|的|一条|命令|指令|脚本|语句|行"
    r"|the|this|these|following|commands?|script|as root|[:：“\"‘'「（(])*$"
)
_CHINESE = re.compile(r"(?P<verb>执行|运行|输入|键入|敲入?|使用|命令(?=[:：]))" + _BETWEEN, re.IGNORECASE)
_ENGLISH = re.compile(r"\b(?P<verb>run|execute|type|enter)\b" + _BETWEEN, re.IGNORECASE)
_CHAINED = re.compile(r"^\s*(?:[,，、]?\s*(?:和|及|与|或|再|然后|接着|最后|and|or|then|and then)?|[,，、])\s*$", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:不要|不能|不可|不得|不会|不应|不建议|不用|不必|不需要|不再|没有|未|勿|切勿|请勿|禁止|避免|防止|无需|无须|别|不)[^，。；]{0,10}$"
)
_REFUSED = re.compile(
    r"(?:会|将会?|自动|已经?|曾|正在|刚才?|刚刚|之前|后台|定时|被|所|来|可能|误)\s*(?:自动|再次|重新|先|去)?\s*$"
    r"|(?<![在入])(?:脚本|系统|程序|服务(?![器端])|进程|它|该工具|定时任务|安装器)\s*$|(?:当|如果|若|假如|一旦|每次|为什么|因为"
    r"|由于|凡是)[^，。；]{0,12}$"
)
_REFUSED_ENGLISH = re.compile(
    r"(?:\bnot|n't|\bnever|\bavoid|\bwithout|\bcannot|\bwill|\bwould|\bautomatically|\b(?:fail|tri|try|attempt|refuse)\w*\s+to"
    r"|\bwhen(?:ever)?|\bif|\bafter|\bbefore"
    r"|\bonce|\bdid|\bdoes|\bit|\bthey|\bscript|\bno need to|\bunable to|\bsystemd|\bcron|\bwhy)(?:\s+(?:you|i|we|to|ever|also"
    r"|then|first|just|need to|have to))*\s*$",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"^\s*[”\"’'」）)]?\s*(?:命令|脚本)?\s*(?:时|的时候|期间|失败|报错|出错|没有|会|将|是|卡住|超时|报|fails?\b|failed\b|will\b"
    r"|does\b|hangs?\b|is\b|was\b)"
)
_NO_LABEL = re.compile(
    r"(?:不要|不能|切勿|请勿|勿|禁止|错误|报错|提示|警告|输出|返回|结果|显示|看到|格式|路径|文件|目录|默认值?|配置项?|参数|选项"
    r"|变量|字段|地址|端口|内容|日志|名称?|密码"
    r"|值|例如|比如|如|类似|error|warning|output|returns?|result|format|path|file|default|option|value|message|e\.g\.|never"
    r"|don't|do not|wrong|bad|like)"
    r"[^，。；,;]{0,4}[:：]\s*$",
    re.IGNORECASE,
)
SEEN = 200  # characters before a code that can make it an imperative
_BREAK = re.compile(r"[。！？!?；;\n，,]|\.\s")
_END = re.compile(r"^\s*(?:$|[。；;，,.、！!\n）)])")
_VALUES_WORDS = """
y n yes no q quit exit enter esc root admin user password true false ok on off null none logout
"""
_VALUES = frozenset(_VALUES_WORDS.split())
_KEYS = re.compile(r"^(?:ctrl|alt|shift|cmd|esc|enter|tab|f\d+)\b|^[:/]\w+!?$", re.IGNORECASE)


def offered(block: Block) -> list[Draft]:
    """The commands that the words of a block offer, with their lines."""
    if block.inline is None or not any(child.type == "code_inline" for child in block.inline.children or ()):
        return []
    found: list[Draft] = []
    chain = False
    so_far = ""
    for between, code, after, line, end in _codes(block):
        so_far = (so_far + between)[-SEEN:]
        chain = _offers(block, so_far, between if chain else None, code, after)
        if chain:
            found.append(Draft(code.strip(), "", line, end, block, explicit=True, inline=True, before=so_far))
        so_far += "\ufffc"
    return found


def _offers(block: Block, before: str, chained: str | None, code: str, after: str) -> bool:
    """`before` is all text before, other codes as U+FFFC; `chained` that since the last code, if that one was offered."""
    code = code.strip()
    if not code or code.lower() in _VALUES or _KEYS.match(code) or not reads_as_command(code):
        return False
    if chained is not None and _CHAINED.match(chained):
        return has_arguments(code) and not _REPORTED.match(after)
    clause = _BREAK.split(before)[-1] if before else ""
    verb = _CHINESE.search(clause) or _ENGLISH.search(clause)
    if verb:
        return _imperative(clause[: verb.start()], verb["verb"].lower(), code, after)
    if not has_arguments(code) or not _settled(code):
        return False
    if re.search(r"[:：]\s*$", clause):
        return bool(_END.match(after)) and not _NO_LABEL.search(clause) and not _NEGATED.search(clause.rstrip(" :："))
    whole = not before.strip() and not re.sub(r"[。；;.，,：:]", "", after).strip()
    return whole and block.entry is not None and block.kind == "text" and not block.task


def _imperative(lead: str, verb: str, code: str, after: str) -> bool:
    if any(pattern.search(lead) for pattern in (_NEGATED, _REFUSED, _REFUSED_ENGLISH)) or _REPORTED.match(after):
        return False
    if has_arguments(code):
        return True
    if verb in ("输入", "键入"):
        return lone_program(code)
    return verb in ("执行", "运行", "run") and (lone_program(code) or bool(re.fullmatch(r"[a-z][a-z0-9-]+", program(code))))


def _settled(code: str) -> bool:
    """A program with arguments even where no verb says so: no line of a configuration file (`listen 80;`), no header."""
    word = program(code)
    return not code.endswith((";", ":", ",")) and "_" not in word and not word[:1].isupper() and not re.match(r"[\w-]+:\s", code)


def _codes(block: Block) -> Iterator[tuple[str, str, str, int, int]]:
    """(text before since the last code, code, text after up to the next code, first line, last line) of every code in the block."""
    assert block.inline is not None  # noqa: S101  checked by the caller
    runs: list[str] = [""]
    codes: list[Token] = []
    for child in block.inline.children or ():
        if child.type == "code_inline":
            codes.append(child)
            runs.append("")
        elif child.type in ("text", "text_special"):
            runs[-1] += child.content
        elif child.type in ("softbreak", "hardbreak"):
            runs[-1] += "\n"
    source = block.inline.content
    place, line = 0, block.line
    for number, token in enumerate(codes):
        match = re.compile(r"\s+".join(map(re.escape, token.content.split()))).search(source, place) if token.content.strip() else None
        start, stop = (match.start(), match.end()) if match else (place, place)
        line += source.count("\n", place, start)
        end = line + source.count("\n", start, stop)
        before = runs[number] if number else runs[number].lstrip()
        yield before, token.content, runs[number + 1], line, end
        place, line = stop, end
