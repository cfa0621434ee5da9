"""Bytes on disk to text: which encoding, and one clear sentence where it is no text at all."""

from __future__ import annotations

import codecs
from pathlib import Path

from tui.errors import DocumentError
from tui.texts import Text, same

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LARGEST = 256 * 1024 * 1024  # bytes; a bigger file is no document


def read(path: Path) -> tuple[str, str]:
    """(text with LF line ends and without BOM, encoding: `utf-8`, `utf-8-sig`, `utf-16` or `gb18030`). Raises `DocumentError`."""
    data = _bytes(path)
    text, encoding = decode(data, path)
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def decode(data: bytes, path: Path) -> tuple[str, str]:
    """Decode a file's bytes; `path` is for the sentence. Raises `DocumentError` with the place of the first bad byte."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise _undecodable(path, data, error, encoding) from error
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        words = Text(
            "{path} 是二进制文件，不是文档（第 {line} 行有 NUL 字节）",
            "{path} is a binary file, not a document (a NUL byte in line {line})",
        )
        raise DocumentError(words.fill(path=same(str(path)), line=line))
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        first = error
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise _undecodable(path, data, first, "utf-8") from first
    if not _is_chinese(text):
        raise _undecodable(path, data, first, "utf-8") from first
    return text, "gb18030"


def _is_chinese(text: str) -> bool:
    """GB18030 accepts nearly any bytes; a real Chinese text has common characters, not rare ones and private-use ones."""
    foreign = [char for char in text if char > "\x7f"]
    common = sum(
        "\u4e00" <= char <= "\u9fff" or "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef" or char in "“”‘’—…·→①②③"
        for char in foreign
    )
    control = sum(char < " " and char not in "\t\n\r\f" for char in text)
    return common >= 0.8 * len(foreign) and not control and not any("\ue000" <= char <= "\uf8ff" for char in text)


def _undecodable(path: Path, data: bytes, error: UnicodeDecodeError, encoding: str) -> DocumentError:
    line = data.count(b"\n", 0, error.start) + 1
    words = Text(
        "{path} 不是 UTF-8（也不是 UTF-16 或 GB18030）文本：第 {line} 行、第 {byte} 字节处的 0x{value} 无法解读；请另存为 UTF-8",
        "{path} is not {encoding} text (nor GB18030): byte {byte}, 0x{value}, in line {line} can't be decoded; save it as UTF-8",
    )
    value = f"{data[error.start]:02x}" if error.start < len(data) else "??"
    return DocumentError(words.fill(path=same(str(path)), line=line, byte=error.start + 1, value=value, encoding=encoding))


def _bytes(path: Path) -> bytes:
    name = same(str(path))
    try:
        if path.is_dir():
            raise DocumentError(Text("{path} 是文件夹，不是文档", "{path} is a folder, not a document").fill(path=name))
        if path.stat().st_size > LARGEST:
            raise DocumentError(
                Text("{path} 太大，不是文档（超过 256 MB）", "{path} is too large for a document (over 256 MB)").fill(path=name)
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(Text("找不到文档 {path}", "no such document: {path}").fill(path=name)) from error
    except PermissionError as error:
        raise DocumentError(Text("没有权限读取 {path}", "no permission to read {path}").fill(path=name)) from error
    except (OSError, ValueError) as error:
        why = same(getattr(error, "strerror", None) or str(error))
        raise DocumentError(Text("读不了 {path}：{why}", "can't read {path}: {why}").fill(path=name, why=why)) from error
