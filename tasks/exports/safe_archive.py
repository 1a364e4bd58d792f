"""Write a zip archive that opens harmlessly: names that stay in their folder, cells that cannot calculate.

Pure: the same files and instant give the same bytes (fixed order, time stamps, permissions).
"""

import io
import json
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath

from defusedcsv import csv
from pathvalidate import sanitize_filename
from pydantic import JsonValue

from models.calendar import PARIS
from models.errors import Rejected

LONGEST_STEM = (
    80  # bytes: Windows allows 260 characters for the whole path, folders of the person's own included
)
OPENS_QUIETLY = re.compile(
    r"\.(pdf|png|jpe?g|gif|webp|tiff?|bmp|txt|eml|json|md|docx?|xlsx?|pptx?|od[tsp]|rtf|mp[34]|wav|m4a|ogg|mov|avi)",
    re.IGNORECASE,
)
STARTS_A_FORMULA = "=+-@|%"
PLAIN_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")
CELL_INSIDE_CELL = re.compile(r"(?<=[;,\t\r\n\"'])(\s*)(?=[=+\-@＝＋－＠])")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def safe_name(name: str, number: int) -> str:
    """Return `007-name.ext`, a file name for every system, whatever a foreign system called its document.

    The number makes names unique and takes the sting out of reserved names (CON), leading dots and dashes. Control
    and direction characters go (U+202E makes `gpj.exe` read `exe.jpg`), only the last part of a path stays. What could
    run or open a browser when clicked gets `.txt` at its end; the bytes are not touched.
    """
    composed = unicodedata.normalize("NFKC", name)
    visible = "".join(sign for sign in composed if unicodedata.category(sign)[0] not in "CZ" or sign == " ")
    last = next((part for part in reversed(re.split(r"[/\\:]", visible)) if part.strip(" .")), "document")
    path = PurePosixPath(sanitize_filename(last, platform="universal").strip(" .") or "document")
    stem, ending = _shortened(path.stem, LONGEST_STEM), _shortened(path.suffix, 12)
    if not OPENS_QUIETLY.fullmatch(ending):
        ending += ".txt"
    return f"{number:03d}-{stem.strip(' .')}{ending}"


def _shortened(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def safe_cell(value: JsonValue) -> str | int | float | None:
    """Return what a spreadsheet shows as text and never calculates (OWASP CSV injection, ASVS 1.2.10).

    An apostrophe goes before = + - @ | % (full-width forms and those behind white space too), before a leading TAB, CR,
    LF or NUL, and before such signs behind a separator inside the cell: a spreadsheet that splits at `;` where we wrote
    `,` would make them the start of a cell. Other control characters go. Numbers stay numbers.
    """
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if PLAIN_NUMBER.fullmatch(text):
        return text
    return _starts_harmlessly(text) + CELL_INSIDE_CELL.sub(r"\1'", CONTROLS.sub("", text))


def _starts_harmlessly(text: str) -> str:
    seen = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign)[0] not in "CZ")
    return "'" if text[:1] in {"\t", "\r", "\n", "\0"} or next(seen, " ") in STARTS_A_FORMULA else ""


def write_csv(header: Sequence[str], rows: Iterable[Sequence[JsonValue]]) -> bytes:
    """Return CSV (RFC 4180, every field quoted) with a byte-order mark: without one Excel reads « é » as « Ã© »."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, quoting=csv.QUOTE_ALL)
    writer.writerow([safe_cell(title) for title in header])
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return sheet.getvalue().encode("utf-8-sig")


def write_zip(files: Mapping[str, bytes], at: datetime) -> bytes:
    """Return a zip of plain files, sorted by name, all stamped `at` (aware; shown in Paris time).

    A name that could leave the folder, or that a file system could take for another one here, is `Rejected`.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        seen: set[str] = set()
        for name in sorted(files):
            _check_name(name, seen)
            entry = zipfile.ZipInfo(name, at.astimezone(PARIS).timetuple()[:6])
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, files[name])
    return archive.getvalue()


def _check_name(name: str, seen: set[str]) -> None:
    parts = name.split("/")
    folded = unicodedata.normalize("NFKC", name).casefold()
    clean = all(sanitize_filename(part, platform="universal") == part for part in parts)
    if not clean or folded in seen or any(part.startswith(".") or not part for part in parts):
        raise Rejected(
            "a file of the export has an unsafe or repeated name: name tables and systems in plain letters"
        )
    seen.add(folded)
