"""The erasure ledger: what was erased, kept outside of everything that a restored backup brings back (law.md F14).

One encrypted object for each erasure, named by its day and the digest of its content: entering the same again changes
nothing, and no object is ever overwritten. It holds keys of rows and keyed digests, no name and no address.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

import fsspec
from pydantic import AwareDatetime, JsonValue, ValidationError

from models import storage
from models.calendar import paris_date
from models.controller import Text
from models.erasure_plan import ErasurePlan
from models.errors import NotFound, Permanent, Rejected
from models.fingerprints import KINDS, Fingerprint, fingerprints
from models.records import Frozen, Identifier
from models.settings import settings

ENTRIES, EVIDENCE, UNFINISHED = "entries", "evidence", "unfinished"
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-([0-9a-f]{64})")


class LedgerRow(Frozen):
    """What became of one row. A kept one says until when (None: no date ends it) and on which legal basis."""

    table: str
    key: dict[str, JsonValue]
    action: Literal["delete", "minimise", "keep"]
    masked: tuple[str, ...] = ()
    keep_until: date | None = None
    hold: str = ""
    basis: Text | None = None


class LedgerEntry(Frozen):
    """One erasure in one system. `digests`: of what the person was searched by, under every key of that day.

    `only`: it was one of these tables alone; None for all.
    """

    request_ref: str
    done_at: AwareDatetime
    system: str
    rows: tuple[LedgerRow, ...]
    digests: tuple[Fingerprint, ...]
    only: tuple[str, ...] | None = None


def entry_of(
    request_ref: str, plan: ErasurePlan, identifiers: Sequence[Identifier], done_at: datetime
) -> LedgerEntry:
    """Return the entry for a plan that was carried out.

    `identifiers` are those the plan was made for and no others: what merely stood in the person's rows may be a whole
    company's. Only e-mail addresses and phone numbers have a digest: rows found otherwise are known by their key alone.
    """
    rows = [
        LedgerRow(
            table=row.table, key=row.key, action=row.action, masked=row.masked,
            keep_until=row.keep_until, hold=row.hold, basis=row.basis,
        )
        for row in plan.rows
    ]  # fmt: skip
    digests = dict.fromkeys(
        mark for identifier in identifiers for mark in marks(identifier.kind, identifier.value)
    )
    return LedgerEntry(
        request_ref=request_ref, done_at=done_at, system=plan.system, rows=tuple(rows), digests=tuple(digests),
        only=plan.only,
    )  # fmt: skip


def marks(kind: str, value: str) -> tuple[Fingerprint, ...]:
    """Return the digests of a value under each key, or none where it is neither an address nor a phone number."""
    try:
        return fingerprints(kind, value) if kind in KINDS else ()
    except Rejected:
        return ()


def write_entry(entry: LedgerEntry) -> str:
    """Enter one erasure; return its key, `entries/2026-11-23-<sha256>`. The day is that of Paris."""
    return _write(ENTRIES, entry.done_at, entry)


def write_evidence(about: Frozen, at: datetime) -> str:
    """Store what a replay found and did, encrypted, beside the entries; return its key."""
    return _write(EVIDENCE, at, about)


def read_evidence(key: str) -> bytes:
    """Return evidence as JSON; `Permanent` where it is not what was written."""
    files, root = fsspec.url_to_fs(settings().ledger)
    return _read(files, root, key)


def entries_since(since: date) -> list[LedgerEntry]:
    """Return the entries of that day in Paris and later ones, oldest first.

    Raises `NotFound` where nothing was ever entered, and `Permanent`, naming the object, where one cannot be read:
    an entry left out would be a person left in.
    """
    files, root = fsspec.url_to_fs(settings().ledger)
    files.invalidate_cache()
    if not files.exists(f"{root}/{ENTRIES}"):
        raise NotFound("the erasure ledger is empty: see that DSR_LEDGER_URL says where it is")
    entries = []
    for path in sorted(files.find(f"{root}/{ENTRIES}")):
        key = f"{ENTRIES}/{path.rpartition('/')[2]}"
        if _day(key) >= since:
            entries.append(_entry(files, root, key))
    return sorted(entries, key=lambda entry: entry.done_at)


def _day(key: str) -> date:
    named = _NAME.fullmatch(key.partition("/")[2])
    try:
        return date.fromisoformat(named[1] if named else "")
    except ValueError:
        raise Permanent(
            f"{key} in the erasure ledger is no entry: take it out and look where it came from"
        ) from None


def _entry(files: Any, root: str, key: str) -> LedgerEntry:
    try:
        entry = LedgerEntry.model_validate_json(_read(files, root, key))
    except ValidationError:
        raise Permanent(
            f"{key} of the erasure ledger says something else than an entry: another release wrote it, use that one"
        ) from None
    if paris_date(entry.done_at) != _day(key):
        raise Permanent(f"{key} of the erasure ledger tells of another day: restore it from a copy")
    return entry


def _read(files: Any, root: str, key: str) -> bytes:
    try:
        content = storage.decrypt(files.cat_file(f"{root}/{key}"))
    except (OSError, Permanent) as error:
        raise Permanent(
            f"{key} of the erasure ledger cannot be read: put back the keys of DSR_ENCRYPTION_KEYS, or the object"
        ) from error
    if not key.endswith(storage.sha256(content)):
        raise Permanent(f"{key} of the erasure ledger holds something else: restore it from a copy")
    return content


def _write(folder: str, at: datetime, value: Frozen) -> str:
    content = value.model_dump_json().encode()
    key = f"{folder}/{paris_date(at).isoformat()}-{storage.sha256(content)}"
    files, root = fsspec.url_to_fs(settings().ledger)
    files.makedirs(f"{root}/{folder}", exist_ok=True)
    if not files.exists(f"{root}/{key}"):
        files.makedirs(f"{root}/{UNFINISHED}", exist_ok=True)
        unfinished = f"{root}/{UNFINISHED}/{secrets.token_hex(8)}"
        files.pipe_file(unfinished, storage.encrypt(content))
        files.mv(unfinished, f"{root}/{key}")
    return key
