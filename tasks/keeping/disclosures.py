"""The disclosure log: whose data went to which recipient, when (law.md R5, P4); it knows a person by fingerprint only.

Repeating is safe: a disclosure that is in the log already is not added again, and a file is taken whole or not at all.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from models.calendar import paris_date
from models.errors import Rejected
from models.fingerprints import KINDS, Fingerprint, fingerprints
from models.letters import one_line
from models.records import Identifier
from models.tables import Disclosure
from tasks.exports.safe_archive import safe_cell
from tasks.letters.write_letter import is_address

COLUMNS = ["email", "recipient", "address", "date", "what"]
LONGEST = 200  # characters of a name or a description
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Data of the person known by `identifier` that went to `recipient`, by its actual name (C-154/21).

    `address` is where a notification goes, or empty. `what` names the data set, without personal data.
    """

    identifier: Identifier
    recipient: str
    address: str
    on: date
    what: str


def record_disclosure(session: Session, disclosed: Disclosed, recorded_by: str, now: datetime) -> bool:
    """Add one disclosure; False where it is in the log already. `Rejected` says what cannot be taken."""
    fitting = _checked(disclosed, paris_date(now))
    if not recorded_by.strip():
        raise Rejected("say who records the disclosure: the name is kept")
    for row in disclosures_for(session, [fitting.identifier]):
        if (row.recipient, row.disclosed_on, row.what) == (fitting.recipient, fitting.on, fitting.what):
            row.address = fitting.address or row.address
            return False
    mark = fingerprints(fitting.identifier.kind, fitting.identifier.value)[0]
    row = Disclosure(
        kind=mark.kind,
        key_id=mark.key_id,
        digest=mark.digest,
        recipient=fitting.recipient,
        address=fitting.address,
        disclosed_on=fitting.on,
        what=fitting.what,
        recorded_by=recorded_by.strip(),
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    return True


def import_disclosures(session: Session, file: Path, recorded_by: str, now: datetime) -> tuple[int, int]:
    """Take a CSV file in, UTF-8 with or without a mark; return how many lines were new, and how many were known.

    Its header is `email,recipient,address,date,what`. `Rejected` names the first line that cannot be taken, and then
    nothing of the file is.
    """
    lines = [(number, _checked_line(number, cells, paris_date(now))) for number, cells in _read(file)]
    new = sum(record_disclosure(session, disclosed, recorded_by, now) for _, disclosed in lines)
    return new, len(lines) - new


def disclosures_for(session: Session, identifiers: Sequence[Identifier]) -> list[Disclosure]:
    """Return what was disclosed of whoever the identifiers name, latest first, by any key."""
    marks = [mark for identifier in identifiers for mark in _marks(identifier)]
    places = [(mark.kind, mark.key_id, mark.digest) for mark in marks]
    person = tuple_(col(Disclosure.kind), col(Disclosure.key_id), col(Disclosure.digest)).in_(places)
    newest_first = (col(Disclosure.disclosed_on).desc(), col(Disclosure.id).desc())
    return list(session.exec(select(Disclosure).where(person).order_by(*newest_first))) if places else []


def is_about(row: Disclosure, identifier: Identifier) -> bool:
    """Whether a disclosure is of whoever `identifier` names."""
    return Fingerprint(row.kind, row.key_id, row.digest) in _marks(identifier)


def _marks(identifier: Identifier) -> tuple[Fingerprint, ...]:
    if identifier.kind not in KINDS:
        return ()
    try:
        return fingerprints(identifier.kind, identifier.value)
    except Rejected:
        return ()


def _checked(disclosed: Disclosed, today: date) -> Disclosed:
    """The disclosure with its texts on one line; `Rejected` where a part cannot be taken."""
    fingerprints(disclosed.identifier.kind, disclosed.identifier.value)
    if disclosed.address and not is_address(disclosed.address):
        raise Rejected("the address is no plain e-mail address: correct it, or leave it empty")
    if not EARLIEST <= disclosed.on <= today:
        raise Rejected("the date lies before 2000 or in the future: write the day of the disclosure")
    if "@" in disclosed.what:
        raise Rejected("the description holds an address: name the data set without personal data")
    return Disclosed(
        disclosed.identifier,
        _text("recipient", disclosed.recipient),
        disclosed.address,
        disclosed.on,
        _text("description", disclosed.what),
    )


def _text(name: str, value: str) -> str:
    text = one_line(value)
    if text != value.strip() or safe_cell(text) != text:
        raise Rejected(f"the {name} holds a formula, a line break or invisible characters: write plain words")
    if not 0 < len(text) <= LONGEST:
        raise Rejected(f"the {name} is empty or longer than {LONGEST} characters: write it in a few words")
    return text


def _checked_line(number: int, cells: list[str], today: date) -> Disclosed:
    try:
        email, recipient, address, day, what = (cell.strip() for cell in cells)
        identifier = Identifier(kind="email", value=email)
        return _checked(Disclosed(identifier, recipient, address, _day(day), what), today)
    except Rejected as error:
        raise Rejected(f"line {number}: {error}") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Rejected("the date is no day: write 2026-11-23") from None


def _read(file: Path) -> Iterator[tuple[int, list[str]]]:
    number = 1
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            lines = csv.reader(source, strict=True)
            if [cell.strip() for cell in next(lines, [])] != COLUMNS:
                raise Rejected(f"line 1: the header must be {','.join(COLUMNS)}")
            for cells in lines:
                number = lines.line_num
                if cells and len(cells) != len(COLUMNS):
                    raise Rejected(f"line {number}: it has {len(cells)} cells, not {len(COLUMNS)}")
                if cells:
                    yield number, cells
    except OSError:
        raise Rejected("the file cannot be read: see its name and its rights") from None
    except UnicodeError:
        raise Rejected(f"the file is not UTF-8 after line {number}: save it as UTF-8") from None
    except csv.Error:
        raise Rejected(f"the file is no well-formed CSV after line {number}: export it again") from None
