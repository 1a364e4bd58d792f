"""Build the archive that answers a portability request: data to use elsewhere, their schema, the scope (law.md R6).

Pure: the same subject, map and findings give the same bytes, so building again changes nothing. Machine-readable files
only: a PDF would not do (EDPB Guidelines 01/2022, 156). What is out of scope is gone before the first file is written.
"""

from collections.abc import Sequence

from models.bundle import BundleSubject
from models.data_map import DataMap
from models.errors import NeedsHuman, Rejected
from models.portability import nothing_portable, portable_part, portable_scope
from models.records import Finding
from tasks.exports.build_bundle import check_complete
from tasks.exports.bundle_files import as_json, sheets_of
from tasks.exports.portable_files import (
    SCHEMA_FILE,
    data_file,
    head_of,
    manifest,
    readme,
    scope_csv,
    scope_json,
    table_file,
)
from tasks.exports.portable_schema import schema_of
from tasks.exports.safe_archive import write_zip


def build_portable(subject: BundleSubject, mapped: DataMap, findings: Sequence[Finding]) -> bytes:
    """Return the zip. `NeedsHuman` where a system was not searched, nothing is portable, or a value fits no JSON."""
    if subject.withheld:
        raise NeedsHuman("portability leaves out whole columns: mark them third_party in the data map")
    check_complete(mapped, findings)
    by_system = {finding.system: finding for finding in findings}
    ordered = [by_system[system] for system in mapped.systems]
    scope = portable_scope(mapped, ordered)
    if nothing_portable(scope):
        raise NeedsHuman("nothing here falls under portability: refuse, and offer access")
    sheets = list(sheets_of(mapped, portable_part(ordered, scope), subject.language))
    head = head_of(subject, mapped)
    named = [
        ("data.json", data_file(head, sheets)),
        (SCHEMA_FILE, as_json(schema_of(head, sheets, mapped, subject.language))),
        *((sheet.csv_path, table_file(sheet)) for sheet in sheets),
        ("scope.json", scope_json(subject, scope)),
        ("scope.csv", scope_csv(scope, mapped, subject.language)),
        ("README.txt", readme(subject, mapped)),
    ]
    files = dict(named)
    if len(files) != len(named):
        raise Rejected("two tables of one system get the same file name: rename one in the data map")
    files["manifest.json"] = manifest(subject, mapped, ordered, files)
    return write_zip(files, subject.state_of_data_at)
