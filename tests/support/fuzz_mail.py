"""Feeds hostile bytes to everything that reads a message: `python -m tests.support.fuzz_mail SEEDS -runs=N`.

With atheris the mutations follow the coverage (libFuzzer's flags are passed on); the seeded mutator below needs nothing.
"""

import importlib
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType, ModuleType

import quotequail

from models.classification import Classification, Kind, Machine
from models.errors import Rejected
from models.rights import Right
from tasks.classifier import find_name, match_rights, second_opinion, split_sentences
from tasks.classifier.classify import classify
from tasks.mail import mail_parts
from tasks.mail.read_apart import _delivered_to
from tasks.mail.read_mail import ParsedMail, read_mail
from tasks.mail.read_report import Report, read_report

MAX_INPUT = 20_000  # bytes: what breaks a parser is small
LANGUAGE = 2  # letters of a language's code
WORDS = (
    b"\x00", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"=?utf-8?b?", b"=?utf-8?q?=0D=0A?=", b"?=", b"<", b">", b"(((", b'"', b"\xff\xfe",
    b"--b", b"--b--", b"boundary=b", b'boundary="', b": ", b";", b"@", b"charset=idna", b"charset=utf-7", b"charset=\x00", b"charset=hex",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: text/html\r\n\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: uuencode\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n", b"From: \r\n", b"From: =?x?b?////?=\r\n",
    b"Date: Tue, 99 Nov 99999 08:59:00 +9999\r\n", b"filename*0*=utf-8''%ff", b"<table><tr><td>", b"<!--", b"&#x110000;", b"> > > ",
    "Le 3 mai 2026, Ana <a@b.fr> a écrit :\r\n> ".encode(), "\u202e\u200b\ufeff".encode(), b"Supprimez mon compte. ", b"Nom : ", b"delete my data ",
)  # fmt: skip


def check(raw: bytes) -> None:
    """Reads and classifies `raw`; nothing but Rejected may be raised, and every value is what its type says."""
    try:
        mail = read_mail(raw)
    except Rejected:
        return
    is_well_formed(mail)
    is_well_typed(classify(mail))
    is_well_reported(read_report(raw))
    for address in _delivered_to(raw):
        assert "@" in address
        assert not set(address) & set("\x00\r\n ")
        address.encode("utf-8")


def is_well_reported(report: Report) -> None:
    """Whatever is read as a bounce can be stored, compared and shown; every message is tried as one."""
    assert report.outcome in {"failed", "delayed", "delivered"}
    for said in (report.status, *report.addresses, *report.message_ids):
        assert "\x00" not in said
        assert "\n" not in said
        said.encode("utf-8")


def is_well_formed(mail: ParsedMail) -> None:
    """A message that was read can be stored and shown: no NUL, no lone surrogate, no second line in a header."""
    headers = (
        mail.subject,
        mail.sender_name,
        mail.sender_address,
        mail.message_id,
        *mail.to,
        *mail.cc,
        *mail.reply_to,
    )
    for header in headers:
        assert "\n" not in header
        assert "\r" not in header
    for shown in (
        *headers,
        mail.text,
        mail.fresh_text,
        *(attachment.name for attachment in mail.attachments),
    ):
        assert "\x00" not in shown
        shown.encode("utf-8")
    assert mail.sent_at is None or mail.sent_at.tzinfo is not None
    assert mail.received_at is None or mail.received_at.tzinfo is not None
    assert all(attachment.size >= 0 for attachment in mail.attachments)


def is_well_typed(found: Classification) -> None:
    """The verdict holds what the contract of `dsr classify` promises."""
    assert isinstance(found.kind, Kind)
    assert all(isinstance(right, Right) for right in found.rights)
    assert len(set(found.rights)) == len(found.rights)
    assert len(found.language) == LANGUAGE
    assert found.machine is None or isinstance(found.machine, Machine)
    assert 0 <= found.confidence <= 1
    assert all(name is None or name.strip() for name in (found.first_name, found.last_name))
    assert found.kind is not Kind.NOT_REQUEST or not found.rights


def mutated(seeds: Sequence[bytes], runs: int, seed: int) -> Iterator[bytes]:
    """`runs` broken messages, the same for the same seed: cut, doubled, spliced, and sprinkled with hostile words."""
    chance = random.Random(seed)
    for _ in range(runs):
        raw = bytearray(chance.choice(seeds)[:MAX_INPUT])
        for _ in range(chance.randint(1, 8)):
            place, length = chance.randint(0, len(raw)), chance.choice((0, 1, 4, 40, 400))
            match chance.randint(0, 4):
                case 0:
                    raw[place : place + length] = chance.choice(WORDS)
                case 1:
                    raw[place:place] = raw[place : place + length] * chance.randint(1, 30)
                case 2:
                    other = chance.choice(seeds)
                    start = chance.randint(0, len(other))
                    raw[place:] = other[start : start + MAX_INPUT]
                case 3:
                    raw[place : place + length] = chance.randbytes(length)
                case _:
                    raw[place:place] = chance.choice(WORDS) * chance.randint(1, 60)
        yield bytes(raw[:MAX_INPUT])


def main() -> None:
    """Coverage-guided, until libFuzzer's `-runs` or `-max_total_time` is used up; a finding ends the process with its trace."""
    atheris = importlib.import_module("atheris")  # not needed by the seeded mutator, and without types
    modules = (
        read_mail,
        mail_parts,
        split_sentences,
        match_rights,
        second_opinion,
        find_name,
        classify,
        read_report,
        quotequail,
    )
    for module in modules:
        _instrument(atheris, sys.modules[module.__module__] if callable(module) else module)
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


def _instrument(atheris: ModuleType, module: ModuleType) -> None:
    """Let libFuzzer see the branches taken inside every function of `module`."""
    for value in list(vars(module).values()):
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            atheris.instrument_func(value)


def seeds_of(folder: Path) -> list[bytes]:
    """The bytes of every message in `folder`."""
    return [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]


if __name__ == "__main__":
    main()
