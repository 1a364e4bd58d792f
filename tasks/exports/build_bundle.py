"""Build the archive that answers an access request: page, data, documents, manifest (law.md R1, S1).

Pure: the same subject, map, findings and disclosures give the same bytes, so building again changes nothing. There is no way to
build an archive which looks complete and is not (F3, F9): `build_bundle` checks before it writes.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from pydantic import JsonValue

from models.bundle import BundleSubject, access_information
from models.data_map import DataMap
from models.errors import MapIncomplete, NeedsHuman, Rejected
from models.information import Disclosed
from models.map_in_words import said
from models.records import Finding, FindingStatus
from models.withholding import withhold
from tasks.exports.bundle_files import (
    csv_file,
    documents_of,
    json_file,
    manifest_file,
    recipients_file,
    sheets_of,
)
from tasks.exports.bundle_page import render_page, render_readme, words
from tasks.exports.safe_archive import write_zip

FORMAT = 1


def build_bundle(
    subject: BundleSubject, data_map: DataMap, findings: Sequence[Finding], disclosed: Collection[Disclosed]
) -> bytes:
    """Return the zip. `NeedsHuman` where it would be incomplete, or where nothing at all is held.

    `disclosed`: what the disclosure log says of this person, and of nobody else (R1.4).
    """
    check_complete(data_map, findings)
    by_system = {finding.system: finding for finding in findings}
    ordered = [by_system[system] for system in data_map.systems]
    released = withhold(ordered, subject.withheld, subject.language)
    information = access_information(data_map, released, subject.language, disclosed)
    sheets = list(sheets_of(data_map, released, subject.language))
    documents = list(documents_of(released))
    keep_until = words(subject.language)["s11"]["keep_until"]
    page = render_page(subject, data_map, released, information, sheets, documents)
    named = [
        ("index.html", page.encode()),
        ("README.txt", render_readme(subject, data_map).encode()),
        ("recipients.json", recipients_file(information.recipients)),
        *((sheet.csv_path, csv_file(sheet, keep_until)) for sheet in sheets),
        *((sheet.json_path, json_file(sheet, subject.language)) for sheet in sheets),
        *((document.path, document.content) for document in documents),
    ]
    files = dict(named)
    if len(files) != len(named):
        raise Rejected("two tables of one system get the same file name: rename one in the data map")
    files["manifest.json"] = _manifest(subject, data_map, released, files)
    return write_zip(files, subject.state_of_data_at)


def check_complete(data_map: DataMap, findings: Sequence[Finding]) -> None:
    """Raise `NeedsHuman`, naming the system, unless every system answered and copy and information are both there.

    Law.md F3 (every system searched), F9 (copy and information), R1.1 ("nothing held" is another letter).
    """
    for system, times in Counter(finding.system for finding in findings).items():
        if system not in data_map.systems:
            raise MapIncomplete(f"{system} was searched and is not in the data map: add it")
        if times > 1:
            raise NeedsHuman(f"{system} has {times} findings: keep those of one round of search")
    by_system = {finding.system: finding for finding in findings}
    for system in data_map.systems:
        if system not in by_system:
            raise NeedsHuman(f"{system} was not searched: search it, the export would be incomplete")
        _check_finding(by_system[system])
    if not any(finding.status == FindingStatus.FOUND for finding in findings):
        raise NeedsHuman("no system holds anything about this person: send the letter that says so")
    _check_information(data_map, findings)


def _check_finding(finding: Finding) -> None:
    copy = finding.records or finding.documents
    match finding.status:
        case FindingStatus.FAILED:
            raise NeedsHuman(f"{finding.system} could not be searched: repair it and search again")
        case FindingStatus.WAITING:
            raise NeedsHuman(f"{finding.system} waits for a colleague's search: remind them")
        case FindingStatus.FOUND if not copy:
            raise NeedsHuman(f"{finding.system} holds data and the copy is missing: search it again")
        case FindingStatus.NONE if copy:
            raise NeedsHuman(f"{finding.system} says that it holds nothing and shows data: search it again")
        case _:
            pass


def _check_information(data_map: DataMap, findings: Sequence[Finding]) -> None:
    """Each system that holds something is explained: purpose, basis, retention, source (F9)."""
    try:
        explained = {held.system for held in access_information(data_map, findings, "en").data_sets}
    except KeyError as error:
        raise MapIncomplete(f"the data map has no {error.args[0]}, which these data need: add it") from None
    for finding in findings:
        if finding.status == FindingStatus.FOUND and finding.system not in explained:
            raise MapIncomplete(
                f"{finding.system} holds documents for which the data map states no purpose: add their table"
            )


def _manifest(
    subject: BundleSubject, data_map: DataMap, findings: Sequence[Finding], files: Mapping[str, bytes]
) -> bytes:
    """Every other file with its SHA-256 and size, and what was searched (S8: the hash proves what was sent)."""
    systems: list[JsonValue] = [
        {
            "system": finding.system,
            "title": said(data_map.systems[finding.system].title, subject.language),
            "status": finding.status.value,
            "searched_at": finding.searched_at.isoformat(),
            "records": len(finding.records),
            "documents": len(finding.documents),
        }
        for finding in findings
    ]
    about: dict[str, JsonValue] = {
        "systems_searched": len(findings),
        "systems_in_data_map": len(data_map.systems),
        "systems": systems,
        "withheld": len(subject.withheld),
    }
    return manifest_file(FORMAT, subject, about, files)
