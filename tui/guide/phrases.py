"""What a sentence announces: a command to run, output to compare with, or the contents of a file.

The sentence before a fence outweighs the fence's label, because authors label carelessly and write carefully.
"""

from __future__ import annotations

import re
from typing import Literal

Announced = Literal["command", "output", "file", ""]

SENTENCE = re.compile(r"(?<=[。！？!?])|\n|(?<=[.;；])\s+(?=[A-Z\u3400-\u9fff])|(?<=；)")
_CLAUSE = re.compile(r"[，,;；]")
_VERB = r"(?:执行|运行|输入|敲入?|键入|使用|用)"
_POINTER = r"(?:以下|下面|如下|下列|下方|这[条个些]|following|below|these|this)"
_POINTED = re.compile(
    rf"{_VERB}[^，。；]{{0,12}}?{_POINTER}[^，。；]{{0,12}}?(?:命令|指令|脚本|语句|代码)(?!后|之后|以后|完|成功|时|的?输出|的?结果|将|会)"
    rf"|{_POINTER}(?:的|这[条个些])?(?:命令|指令)[^，。；]{{0,10}}[:：]?$"
    r"|\b(?:run|execute|type|enter|issue)\b[^,.;]{0,40}\b(?:following|these|this|below|commands?)\b(?! (?:contents?|lines? (?:to|in)))"
    r"|\b(?:use|with|using)\b[^,.;]{0,30}\bcommands?\b|\bfollowing commands?\b",
    re.IGNORECASE,
)
_AIMED = re.compile(
    r"(?:返回|输出|显示|出现|打印|回显|看到|得到|提示|结果|信息|内容)(?:(?!命令|指令|脚本)[^，。；]){0,6}(?:如下|以下|下面|下列|类似|示例|例如)"
    r"|(?:以下|下面|如下|下列|类似)(?:(?!命令|指令|脚本)[^，。；]){0,6}(?:输出|信息|结果|内容|提示|回显|响应|日志|返回)"
    r"|\b(?:following|this|similar|sample|example|expected)\b(?:(?!commands?\b)[^,.;]){0,20}\b(?:outputs?|results?|responses?|messages?|logs?)\b"
    r"|\boutputs?\b[^.;]{0,30}\b(?:below|following|similar|like)\b|\blooks? (?:something )?like\b",
    re.IGNORECASE,
)
_OUTPUT = re.compile(
    r"(?:返回|输出|显示|出现|打印|回显|看到|得到|提示)(?:了|的是)?(?:的)?(?:结果|信息|内容|为|是|值|[:：]|$)"
    r"|(?:会|将|应|应该|应当|则|就|屏幕|终端|控制台|命令行|界面|系统|程序|可以|即可|能)(?:上|中|里|会|可)?(?:返回|输出|显示|出现"
    r"|打印|看到|得到|提示)"
    r"|结果(?:为|是|[:：]|$)|(?:预期|期望|示例|正常|正确|成功)的?(?:输出|结果|返回|回显)|(?:输出|返回|结果)示例"
    r"|^\s*(?:(?:sample|example|expected|the) )?(?:output|result|response)s?\s*:?\s*$|\b(?:prints|returns|shows|displays"
    r"|outputs)\b[^.]*:?$|\boutput (?:is|will be|should be|reads)\b"
    r"|\b(?:should|will|you'll|'ll) (?:now |then )?(?:see|get|print|show|output|return|display)\b",
    re.IGNORECASE,
)
_STOPS = ("。", ".", "！", "!", "？", "?")  # a sentence that ends does not introduce what follows, unless it points at it
_HERE = re.compile(_POINTER, re.IGNORECASE)
_LOOKING = re.compile(r"^\s*(?:然后|再|接着|最后|请|可以|可)?(?:查看|检查|获取|列出|为了|验证|确认|查询|观察)")
_PLACE = (
    r"(?:(?:~|\.{0,2})/[\w./@$-]+|(?<![\w.])\.[a-z][\w-]*(?:rc|profile|env|ignore)?\b|[\w-]+\.(?:conf|cnf|cfg|ini|ya?ml|json"
    r"|toml|sh|service|env|xml|list|repo"
    r"|txt|md|py|js|ts|properties|timer|tf|bat|ps1|netdev|network)\b|[A-Za-z]:\\|\b(?:Dockerfile|Makefile|crontab"
    r"|authorized_keys|sudoers|hosts|fstab)\b)"
)
_FILE = re.compile(
    rf"(?:加入|写入|添加|追加|放入|放到|放进|加到|插入|粘贴|填入|贴入|新增|增加|保存|写到|写进|创建|新建|编辑"
    rf"|修改)[^，。；]{{0,30}}(?:{_PLACE}|文件|末尾|配置|{_POINTER})"
    rf"|(?:{_PLACE}|文件|末尾|{_POINTER})[^，。；]{{0,30}}(?:加入|写入|添加|追加|放入|放到|加到|插入|粘贴|填入|贴入|新增|增加"
    rf"|保存|写到|写进|创建|新建)[^，。；]{{0,12}}$"
    r"|(?:修改|改|编辑|替换|调整|设置)[^，。；]{0,30}(?:为|成|如下)[:：]?\s*$|内容(?:如下|为|是)?\s*[:：]?\s*$|写入\s*[:：]?\s*$"
    rf"|\b(?:add|append|put|insert|paste|save|write|create|edit)\b[^.;]{{0,60}}?(?:{_PLACE}|\bfile\b)|\bfollowing contents?\b"
    rf"|\bcontents?\b[^.]{{0,30}}:?$"
    r"|\bshould (?:contain|read)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(_PLACE)
_ADDS = re.compile(
    r"(?:添加|加入|追加|插入|写入|粘贴|填入|新增|增加|改为|改成|修改为)[^，。；]{0,8}[:：]\s*$|\b(?:add|append|insert|paste|put)\b[^.;]{0,20}:\s*$",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(
    r"(?<![最然])后(?!面?(?:加|添|插|写|追|新增|增加|粘|的内容|，|[:：]|$))|\bthen (?!add|append|paste|insert|put|write)", re.IGNORECASE
)
_WRITES = re.compile(
    r"^\s*(?:sudo\s+)?(?:cat|tee|echo|printf|sed|vim?|nano|cp|mv|scp|touch|mkdir|install|curl|wget|ssh-copy-id|crontab|chmod|git"
    r"|Set-Content|Add-Content)\b"
)
_ASKS = re.compile(
    r"(?:执行|运行|输入|敲入?|键入)[^，。；:：]{0,12}[:：]?\s*$|(?:使用|用|通过|以下|如下|下面|下列)[^，。；:：]{0,12}(?:命令"
    r"|指令|脚本|语句)[^，。；]{0,10}[:：]\s*$|命令(?:如下|为)?\s*[:：]\s*$"
    r"|\b(?:run|execute|type|enter|issue)\b[^.;]{0,60}:?\s*$|\bfollowing commands?\b|\bcommands? below\b",
    re.IGNORECASE,
)
_NOT_ASKED = re.compile(
    r"(?:不要|不能|不可|勿|切勿|禁止|避免|无需|不必|不用|不得|别)[^，。；]{0,8}(?:执行|运行|输入|使用|敲)"
    r"|(?:自动|会|已经?|正在|曾)(?:自动)?(?:执行|运行|输入|使用)|(?:执行|运行|输入)(?:后|完|成功|失败|时|结果)"
    r"|\b(?:do not|don't|never|not to|cannot|can't|avoid|will|would|automatically)\s+(?:\w+\s+)?(?:run|execute|type|enter)",
    re.IGNORECASE,
)


def last_sentence(text: str) -> str:
    """The last sentence of a paragraph."""
    return next((part.strip() for part in reversed(SENTENCE.split(text)) if part and part.strip()), "")


def last_clause(sentence: str) -> str:
    """What stands after the last comma."""
    return next((part.strip() for part in reversed(_CLAUSE.split(sentence)) if part.strip()), "")


def announced(text: str, first: str) -> Announced:
    """What the words right before a fence say it is; `first` is the fence's first line. Empty: they do not say."""
    sentence = last_sentence(text)[-400:]
    clause = last_clause(sentence)
    pointed, aimed = _end(_POINTED, sentence), _end(_AIMED, sentence)
    if aimed > pointed:
        return "output"
    if pointed >= 0:
        return "command"
    if sentence.endswith(_STOPS) and not _HERE.search(clause):
        return "command" if asks(sentence) else ""
    if _OUTPUT.search(clause) and not _LOOKING.match(clause) and not _ASKS.search(clause):
        return "output"
    if _is_contents(sentence, clause) and not _WRITES.match(first) and not _ASKS.search(clause):
        return "file"
    return "command" if asks(sentence) else ""


def _is_contents(sentence: str, clause: str) -> bool:
    """Does it introduce a file's contents? “修改 x 后重启：” is past the file; “编辑 x，添加：” names it one clause earlier."""
    if _AFTERWARDS.search(clause):
        return False
    return bool(_FILE.search(clause)) or bool(_ADDS.search(clause) and _NAMED.search(sentence))


def asks(text: str) -> bool:
    """Does the sentence right before a fence ask to run it?"""
    sentence = last_sentence(text)[-400:]
    if _NOT_ASKED.search(last_clause(sentence)):
        return False
    return bool(_ASKS.search(sentence)) or _end(_POINTED, sentence) >= 0


def _end(pattern: re.Pattern[str], sentence: str) -> int:
    return max((match.end() for match in pattern.finditer(sentence)), default=-1)
