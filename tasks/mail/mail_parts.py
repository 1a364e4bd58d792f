"""Decodes the headers and parts of a message written by anyone, without ever raising.

The structure comes from the stdlib parser; each header and each part is decoded here behind its own guard, because
the stdlib's header objects raise on unknown charsets, group addresses and line breaks in addresses (cpython 83281)
and recurse as deep as a sender wishes.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime

import inscriptis
from lxml.etree import LxmlError

MAX_TEXT = 200_000  # characters of one part that are read; a letter has 5 000
MAX_HEADER = 10_000  # characters
MAX_ADDRESSES = 200
MAX_TABLE = 50_000_000  # characters of a table drawn as text: lines times the longest cell

# Codecs that are no charset of a text, or need quadratic time.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CELL = re.compile(r"</?t(?:able|[dhr])\b", re.IGNORECASE)
_LINE = re.compile(r"<(?:tr|br|p|div|li|h\d)\b", re.IGNORECASE)
_TABLE = re.compile(r"</?(?:table|t[dhr]|tbody|thead|tfoot)\b[^<>]*>", re.IGNORECASE)
_BLIND_TAG = re.compile(r"<[^<>]*>")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
# Everything the stdlib's decoders have been seen to raise on hostile bytes.
_DECODING = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    RecursionError,
    MessageError,
)


def clean(text: str) -> str:
    """Text without NUL, other controls, invisible and direction marks or lone surrogates; Unix line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", _UNWANTED.sub("", text))


def one_line(text: str) -> str:
    """Cleaned text on one line: what becomes a header again cannot carry a second one."""
    return " ".join(clean(text).split())


def decode_bytes(content: bytes, charset: str | None) -> str:
    """Text of `content` in the declared charset, else UTF-8, else Windows-1252; never raises."""
    for name in (charset, "utf-8"):
        try:
            info = codecs.lookup((name or "utf-8").strip())
            if info.name.replace("-", "_") in _NO_CHARSETS:
                continue
            # What is declared as Latin-1 or ASCII is Windows-1252 in practice (WHATWG Encoding Standard).
            return content.decode("cp1252" if info.name == "iso8859-1" else info.name)
        except _DECODING:
            continue
    return content.decode("cp1252", "replace")


def header(message: Message, name: str) -> str:
    """The first header `name`, encoded words decoded, on one line; empty where absent."""
    return decode_words(raw_header(message, name))


def headers(message: Message, name: str) -> list[str]:
    """Every header `name`, decoded, in the order of the message."""
    return [
        decode_words(_undo_surrogates(str(value)))
        for key, value in message.raw_items()
        if key.lower() == name
    ]


def raw_header(message: Message, name: str) -> str:
    """The first header `name` as it was written, except that 8-bit bytes are read as text."""
    for key, value in message.raw_items():
        if key.lower() == name:
            return _undo_surrogates(str(value))[:MAX_HEADER]
    return ""


def decode_words(value: str) -> str:
    """RFC 2047 encoded words decoded; what cannot be decoded stays as it is written."""
    value = value[:MAX_HEADER]
    if "=?" in value:
        try:
            pieces = decode_header(value)
            value = "".join(
                piece if isinstance(piece, str) else decode_bytes(piece, charset) for piece, charset in pieces
            )
        except _DECODING:
            pass
    return one_line(value)


def _undo_surrogates(value: str) -> str:
    """Bytes which the parser smuggled through as lone surrogates, read as UTF-8 or Windows-1252."""
    if value.isascii():
        return value
    try:
        return decode_bytes(value.encode("ascii", "surrogateescape"), None)
    except UnicodeEncodeError:
        return value


def addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """(display name, address) of each mailbox in the header; addresses are in lower case.

    The structure is read before encoded words are decoded, so that a decoded word cannot add an address.
    """
    raw = " ".join(raw_header(message, name).split())
    try:
        pairs = getaddresses([raw])[:MAX_ADDRESSES]
    except _DECODING:
        pairs = [("", raw)]
    found = []
    for display, spec in pairs:
        match = _ADDRESS.search(one_line(spec))
        if match:
            found.append((_unquoted(decode_words(display)), match.group().lower()))
    return found or [("", spec.lower()) for spec in _ADDRESS.findall(one_line(raw))[:1]]


def _unquoted(name: str) -> str:
    """A display name without the quotes some programs leave around it."""
    quoted = len(name) > 1 and name[0] == name[-1] and name[0] in "'\""
    return name[1:-1].strip() if quoted else name.strip()


def date(value: str) -> datetime | None:
    """An RFC 5322 date as an aware instant; without a zone it is read as UTC; None where it is no date."""
    try:
        moment = parsedate_to_datetime(one_line(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(moment.tzinfo)
    except (*_DECODING, IndexError):
        return None


def media_type(part: Message) -> str:
    try:
        return one_line(part.get_content_type())
    except _DECODING:
        return "application/octet-stream"


def parameter(part: Message, name: str, of: str = "content-type") -> str:
    """A parameter of a structured header, decoded; empty where absent or unreadable."""
    try:
        value = part.get_param(name, "", of)
        return decode_words(collapse_rfc2231_value(value)) if value else ""
    except _DECODING:
        return ""


def file_name(part: Message) -> str:
    """The name the sender gave to the part: for display, never a path to trust."""
    return parameter(part, "filename", "content-disposition") or parameter(part, "name")


def is_attachment(part: Message) -> bool:
    """True for what a mail program shows as a file."""
    disposition = raw_header(part, "content-disposition").strip().lower()
    return (
        disposition.startswith("attachment")
        or bool(file_name(part))
        or not media_type(part).startswith("text/")
    )


def content(part: Message) -> bytes:
    """The part's bytes, transfer encoding removed as far as that is possible."""
    try:
        payload = part.get_payload(decode=True)
    except _DECODING:
        return b""
    return payload if isinstance(payload, bytes) else b""


def part_text(part: Message) -> str:
    """The readable text of a text part; HTML as a person would see it."""
    charset = parameter(part, "charset") or None
    text = clean(decode_bytes(content(part), charset)[: MAX_TEXT * 5])
    return (html_text(text) if media_type(part) == "text/html" else text)[:MAX_TEXT]


def html_text(html: str) -> str:
    """HTML as text through inscriptis; tags are stripped bluntly where it cannot be parsed, or takes too much memory.

    inscriptis draws a table as wide as its longest cell in each of its lines: a huge one is read cell by cell instead.
    """
    if not html.strip():
        return ""
    if _drawn(html) > MAX_TABLE:
        html = _TABLE.sub("<br>", html)
    try:
        text = clean(inscriptis.get_text(html))
    except (LxmlError, MemoryError, *_DECODING):
        text = ""
    return text if text.strip() else _BLIND_TAG.sub(" ", html)


def _drawn(html: str) -> int:
    """About how many characters its tables take when they are drawn as text; 0 where there is none."""
    _, *cells = _CELL.split(html)
    return max(map(len, cells), default=0) * len(_LINE.findall(html))


def children(part: Message) -> list[Message]:
    """The parts inside a container; none for a leaf or a container that was not understood."""
    payload = part.get_payload() if part.is_multipart() else []  # a leaf's would be decoded, and raise
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def walk(message: Message, depth: int = 0) -> Iterator[tuple[Message, int]]:
    """Every part with its depth, the message itself first; without recursion."""
    waiting = [(message, depth)]
    while waiting:
        part, level = waiting.pop()
        yield part, level
        waiting.extend((child, level + 1) for child in reversed(children(part)))
