"""Answers a run's questions on the terminal; where there is none, the answer is no, with a sentence on how to say yes beforehand."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from tui.errors import Cancelled, NotApproved, UsageError
from tui.guide.model import Step
from tui.run.ask import ApprovalQuestion, ConfirmQuestion, FormQuestion, InputQuestion, KeyAnswer, KeyQuestion, PlaceQuestion, ProofQuestion
from tui.run.clean import clean
from tui.secret import Secret
from tui.target.base import HostKeyQuestion, SecretQuestion
from tui.texts import Text

T = TypeVar("T")


class TerminalAsker:
    """`asking` is set while a question waits on the terminal, `unattended` where there is none. `yes` is `--yes`.

    A prompt holds up the whole program, so one that comes in the middle of a step waits until its printer, if it has one, has printed all
    that was told before: `printed` is set then.
    """

    def __init__(self, *, accept_new_host_key: bool, interactive: bool, yes: bool = False) -> None:
        self.asking = False
        self._accept = accept_new_host_key
        self._interactive = interactive
        self._agreed = yes
        self.unattended = not interactive
        self.printed: asyncio.Event | None = None

    async def accept_host_key(self, question: HostKeyQuestion) -> bool:
        """Yes with `--accept-new-host-key`, else the person's word."""
        text = Text("主机 {host} 的密钥第一次见到：{kind} {print}", "the key of {host} has not been seen before: {kind} {print}")
        _say(str(text.fill(host=question.host, kind=question.kind, print=question.fingerprint)))
        if self._accept:
            _say(
                str(
                    Text("按 --accept-new-host-key 接受，记入 {file}", "accepted by --accept-new-host-key, kept in {file}").fill(
                        file=question.known_hosts
                    )
                )
            )
            return True
        return self._interactive and self._yes(Text("接受它吗？", "accept it?"))

    async def secret(self, question: SecretQuestion) -> Secret | None:
        """Asked without echo; None without a terminal."""
        if not self._interactive:
            return None
        if question.again:
            _say(str(Text("不对，再来一次", "that was wrong, once more")))
        read = input if question.echo else getpass.getpass
        answer = self._ask(lambda: read(f"{clean(str(question.what))} "))
        return Secret(answer) if answer else None

    async def approve(self, question: ApprovalQuestion) -> bool:
        """Shows every command and asks; without a terminal it says how to approve."""
        if not self._interactive:
            text = Text(
                "{file} 里的 {count} 行命令还没有批准过，什么都没有执行。先用 zhinan steps 看清楚，再加 --yes",
                "the {count} command lines of {file} have not been approved, nothing was run; read them with zhinan steps, then add --yes",
            )
            raise NotApproved(text.fill(file=question.guide.path.name, count=len(question.commands)))
        changed = Text("命令和上次批准时不一样了：", "the commands differ from those approved last:")
        new = Text("这份文档会执行这些命令：", "this document runs these commands:")
        _say(str(changed if question.before else new))
        for line in question.commands:
            mark = "+" if question.before and line not in question.before else " "
            _say(f"{mark} {clean(line)}")
        for line in question.before:
            if line not in question.commands:
                _say(f"- {clean(line)}")
        return self._yes(Text("可以执行吗？", "may they run?"))

    async def form(self, questions: tuple[FormQuestion, ...]) -> Mapping[str, str | Secret] | None:
        """One prompt for each; without a terminal, the options that are missing."""
        if not self._interactive:
            raise UsageError(_missing(questions))
        return {question.name: self._field(question) for question in questions}

    async def place(self, question: PlaceQuestion) -> str | None:
        """The person's word."""
        names = "、".join(question.names)
        if not self._interactive:
            text = Text(
                "文档没有说步骤“{step}”（第 {line} 行）在哪里执行；请用 --on 名字=地址 指明一个（名字：{names}）",
                "the document does not say where step “{step}” (line {line}) runs; name one place with --on NAME=TARGET (names: {names})",
            )
            raise UsageError(text.fill(step=question.step.title, line=question.step.line, names=names))
        ask = Text("“{step}”在哪里执行（{names}）？", "where does “{step}” run ({names})?").fill(
            step=clean(question.step.title), names=names
        )
        answer = self._ask(lambda: input(f"{ask} ")).strip()
        return answer if answer in question.names else None

    async def tick(self, step: Step, text: str) -> bool:
        """The person's word that it is done; not done without a terminal."""
        await self._after_the_printer()
        _say(f"✎ {clean(text)}")
        return self._interactive and self._yes(Text("做好了吗？", "done?"))

    async def access_key(self, question: KeyQuestion) -> KeyAnswer | None:
        """Typed on the terminal, the secret unseen; None without one, and for an empty id."""
        if not self._interactive:
            return None
        await self._after_the_printer()
        _say(f"✗ {question.wrong}" if question.wrong else str(_NO_KEY))
        name = self._ask(lambda: input("AccessKey ID: ")).strip()
        secret = self._ask(lambda: getpass.getpass("AccessKey Secret: ")).strip() if name else ""
        if not secret:
            return None
        region = self._ask(lambda: input(f"{_REGION} ")).strip()
        if not question.keeps:
            _say(str(_NO_KEYRING))
        return KeyAnswer(name, Secret(secret), region, keep=question.keeps and self._yes(_KEEP))

    async def confirm(self, question: ConfirmQuestion) -> bool:
        """The person's word, or what must be typed; `--yes` stands for it where nothing dangerous is asked."""
        await self._after_the_printer()
        if self._agreed and not question.guarded:
            return True
        if not self._interactive:
            raise NotApproved((_IN_PERSON if question.guarded else _WITH_YES).fill(what=question.title))
        _say(f"{'!!' if question.danger else '!'} {clean(str(question.title))}")
        for line in question.lines:
            _say(f"  {line.mark} {clean(str(line.text))}".rstrip())
        if isinstance(question, ProofQuestion):
            return self._proven(question)
        if not question.typed:
            return self._yes(Text("这样做吗？", "do it?"))
        ask = Text("输入 {word} 以继续（别的都算不同意）：", "type {word} to go on (anything else is a no):").fill(
            word=clean(question.typed)
        )
        return question.agrees(self._ask(lambda: input(f"{ask} ")))

    def _proven(self, question: ProofQuestion) -> bool:
        """The code, as often as it is tried; nothing typed is a no."""
        _say(f"\n  {clean(question.command)}\n")
        ask = Text("输入它显示的代码（没能进去就直接回车）：", "type the code that it shows (just enter if you did not get in):")
        while typed := self._ask(lambda: input(f"{ask} ")).strip():
            if question.agrees(typed):
                return True
            _say(f"✗ {question.wrong(typed)}")
        return False

    def _field(self, question: FormQuestion) -> str | Secret:
        if question.wrong:
            _say(str(question.wrong))
        if isinstance(question, InputQuestion):
            field = question.input
            choices = f" ({'、'.join(field.of)})" if field.of else ""
            prompt = f"{clean(field.ask or field.name)}{choices} "
            if field.type == "secret":
                return Secret(self._ask(lambda: getpass.getpass(prompt)))
            return self._ask(lambda: input(prompt)).strip() or field.default or ""
        spec = question.spec
        offered = f" [{question.last}]" if question.last else (f" ({spec.example})" if spec.example else "")
        ask = clean(spec.ask) or str(Text("“{name}”的地址", "the address of “{name}”").fill(name=spec.name))
        return self._ask(lambda: input(f"{ask}{offered} ")).strip() or question.last or ""

    async def _after_the_printer(self) -> None:
        if self.printed is not None:
            await self.printed.wait()
            self.printed.clear()

    def _yes(self, question: Text) -> bool:
        return self._ask(lambda: input(f"{question} [y/N] ")).strip().lower() in ("y", "yes", "是")

    def _ask(self, read: Callable[[], T]) -> T:
        self.asking = True
        out, sys.stdout = sys.stdout, sys.stderr  # prompts must not mix with what a pipe reads
        try:
            return read()
        except (EOFError, KeyboardInterrupt) as gone:
            _say("")
            raise Cancelled(Text("没有回答，已取消", "no answer, cancelled")) from gone
        finally:
            sys.stdout = out
            self.asking = False


_NO_KEY = Text(
    "没有找到阿里云 AccessKey。在 https://ram.console.aliyun.com/manage/ak 给一个 RAM 用户建一个，填在这里（直接回车就作罢）；"
    "先用一次只读的 DescribeRegions 核对，再继续",
    "no Alibaba Cloud AccessKey was found. Make one for a RAM user at https://ram.console.aliyun.com/manage/ak and type it here (just "
    "enter drops it); it is tried by DescribeRegions, which only reads, before anything else",
)
_REGION = Text("地域，例如 cn-hangzhou（可以留空）：", "region, such as cn-hangzhou (may stay empty):")
_KEEP = Text("存进系统钥匙串，下次不用再输？", "keep it in the system's keyring for the next time?")
_NO_KEYRING = Text("这里没有可用的系统钥匙串，只用于这一次", "there is no usable keyring here: it is used for this run only")
_IN_PERSON = Text(
    "“{what}”要有人当面确认，--yes 不能代替，什么都没有改；请在终端里、不加 --json 执行",
    "“{what}” needs a person's word, for which --yes does not stand; nothing was changed: run it in a terminal, without --json",
)
_WITH_YES = Text(
    "“{what}”没有人回答，什么都没有改；在终端里执行，或加 --yes",
    "“{what}”: nobody to ask, nothing was changed; run it in a terminal, or add --yes",
)


def _missing(questions: tuple[FormQuestion, ...]) -> Text:
    wrong = [question.wrong for question in questions if question.wrong]
    if wrong:
        return wrong[0]
    options = [_option(question) for question in questions]
    return Text("还缺：{options}", "missing: {options}").fill(options="  ".join(options))


def _option(question: FormQuestion) -> str:
    if isinstance(question, InputQuestion):
        return f"--input {question.input.name}=…"
    return f"--on {question.spec.name}={question.spec.example or 'ssh://user@host'}"


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
