"""The portability export (law.md R6): machine-readable, described by its schema, harmless to open, nothing too much."""

import hashlib
import io
import json
import stat
import zipfile

import pytest
from hypothesis import assume, given, settings
from jsonschema import Draft202012Validator, ValidationError

from models.bundle import Withheld
from models.errors import NeedsHuman, Rejected
from models.portability import Because
from models.records import FindingStatus
from tasks.exports.build_portable import build_portable
from tasks.exports.safe_archive import safe_cell
from tests.support.bundle_samples import (
    SEARCHED,
    client_findings,
    data_map,
    nothing,
    subject,
    visitor_findings,
)
from tests.support.portable_samples import (
    AWKWARD,
    FORMULAS,
    Described,
    Sample,
    csv_of,
    findings_of,
    json_of,
    map_of,
    marked_samples,
    samples,
    unpack,
)

LANGUAGES = ("fr", "en")
MESSAGES = {"messages": Described("consent", True, {"email": (None, False), "message": (None, False)})}


def mixed():
    """A client who also sent a form and visited the site."""
    client, visitor = client_findings(), visitor_findings()
    site = client[0].model_copy(update={"records": client[0].records + visitor[2].records})
    return [client[1], client[2], site]


def built(language="en", findings=None):
    return unpack(build_portable(subject(language), data_map(), findings or mixed()))


def with_value(value):
    rows = {"messages": [{"email": "a@example.org", "message": value}]}
    return unpack(build_portable(subject("en"), map_of(MESSAGES), findings_of(rows)))


def validated(files):
    schema = json_of(files, "schema.json")
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json_of(files, "data.json"))
    return schema


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_archive_holds_data_schema_tables_scope_and_a_guide_and_no_pdf(language):
    """GL 156."""
    files = built(language)
    assert list(files) == [
        "README.txt",
        "data.json",
        "data/site_db/form_submissions.csv",
        "data/site_db/web_sessions.csv",
        "manifest.json",
        "schema.json",
        "scope.csv",
        "scope.json",
    ]
    assert not any(content.startswith(b"%PDF") for content in files.values())


def test_the_data_are_as_the_systems_hold_them():
    files = built()
    data = json_of(files, "data.json")
    forms, visits = visitor_findings()[2].records
    assert data["data"] == {"site_db": {"form_submissions": [forms.data], "web_sessions": [visits.data]}}
    assert (data["case"], data["controller"]) == ("DSR-2026-0042", "Nexoris SAS")
    assert data["state_of_data_at"] == SEARCHED.isoformat()
    assert csv_of(files["data/site_db/web_sessions.csv"]) == [
        {name: value if isinstance(value, str) else json.dumps(value) for name, value in visits.data.items()}
    ]


@pytest.mark.parametrize(
    ("language", "title", "purpose"),
    [
        ("fr", "Contenu du formulaire", "Réponse aux demandes envoyées par formulaire"),
        ("en", "Content of the form", "Answering requests sent through our forms"),
    ],
)
def test_the_schema_explains_each_field_in_the_persons_language(language, title, purpose):
    schema = validated(built(language))
    forms = schema["properties"]["data"]["properties"]["site_db"]["properties"]["form_submissions"]
    assert purpose in forms["description"]
    assert forms["items"]["properties"]["payload"]["title"] == title
    fields = [field for table in tables_in(schema) for field in table["items"]["properties"].values()]
    assert all(field["title"] and field["description"] and field["type"] for field in fields)


def tables_in(schema):
    systems = schema["properties"]["data"]["properties"].values()
    return [table for system in systems for table in system["properties"].values()]


def test_the_schema_explains_codes():
    mapped = data_map()
    site = mapped.systems["site_db"]
    deals = site.tables["deals"].model_copy(update={"provided": True})
    site = site.model_copy(update={"tables": {**site.tables, "deals": deals}})
    mapped = mapped.model_copy(update={"systems": {**mapped.systems, "site_db": site}})
    files = unpack(build_portable(subject("en"), mapped, client_findings()))
    schema = validated(files)
    stage = tables_in(schema)[0]["items"]["properties"]["stage_id"]
    assert "3 = won" in stage["description"]
    assert stage["type"] == "integer"
    assert tables_in(schema)[0]["items"]["properties"]["closed_on"]["type"] == ["null", "string"]


@pytest.mark.parametrize("change", ["system", "table", "column", "missing", "type"])
def test_the_schema_fits_this_file_and_no_other(change):
    files = built()
    schema, data = json_of(files, "schema.json"), json_of(files, "data.json")
    row = data["data"]["site_db"]["form_submissions"][0]
    match change:
        case "system":
            data["data"]["crm"] = {}
        case "table":
            data["data"]["site_db"]["contacts"] = []
        case "column":
            row["phone"] = "+33"
        case "missing":
            del row["email"]
        case "type":
            row["email"] = 7
    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_scope_says_what_is_left_out_and_why(language):
    files = built(language)
    lines = json_of(files, "scope.json")["scope"]
    assert [(line["table"], line["because"]) for line in lines if line["system"] == "site_db"] == [
        ("contacts", Because.LEGITIMATE_INTEREST),
        ("deals", Because.NOT_PROVIDED),
        ("invoices", Because.LEGAL_OBLIGATION),
        ("email_log", Because.LEGITIMATE_INTEREST),
        ("form_submissions", Because.CONSENT),
        ("web_sessions", Because.CONSENT),
    ]
    rows = [list(row.values()) for row in csv_of(files["scope.csv"])]
    yes = {"fr": "oui", "en": "yes"}[language]
    assert [row[:3] for row in rows] == [
        [line["what"], yes if line["included"] else {"fr": "non", "en": "no"}[language], line["why"]]
        for line in lines
    ]
    assert [int(row[3]) for row in rows] == [line["records"] for line in lines]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["lisibles par une machine", "droit d’accès", "SHA-256", "CNIL", "ne sont pas effacées"]),
        ("en", ["machine-readable", "right of access", "SHA-256", "CNIL", "not erased"]),
    ],
)
def test_the_guide_says_what_is_there_and_what_else_may_be_asked(language, words):
    files = built(language)
    guide = files["README.txt"].decode()
    assert [word for word in words if word not in guide] == []
    assert "DSR-2026-0042" in guide
    assert "privacy@nexoris.com" in guide
    assert [name for name in files if "/" not in name and name not in guide] == ["README.txt"]


def test_the_manifest_lists_every_file_with_its_hash():
    files = built()
    manifest = json.loads(files.pop("manifest.json"))
    assert {entry["name"]: (entry["sha256"], entry["bytes"]) for entry in manifest["files"]} == {
        name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()
    }
    assert {entry["system"] for entry in manifest["systems"]} == {"billing", "elay", "site_db"}


def test_the_same_input_gives_the_same_bytes_in_plain_files():
    once = build_portable(subject(), data_map(), mixed())
    assert once == build_portable(subject(), data_map(), list(reversed(mixed())))
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        assert {stat.S_IFMT(entry.external_attr >> 16) for entry in archive.infolist()} == {stat.S_IFREG}
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 23, 10, 30, 0)}


@settings(max_examples=150, deadline=None)
@given(samples())
def test_every_record_is_in_json_and_csv_and_the_schema_describes_it(sample: Sample):
    if not sample.expected:
        with pytest.raises(NeedsHuman):
            build_portable(subject("en"), sample.data_map, sample.findings)
        return
    files = unpack(build_portable(subject("en"), sample.data_map, sample.findings))
    validated(files)
    assert json_of(files, "data.json")["data"] == {"shop": sample.expected}
    assert {name for name in files if name.startswith("data/")} == {
        f"data/shop/{table}.csv" for table in sample.expected
    }
    for table, rows in sample.expected.items():
        assert csv_of(files[f"data/shop/{table}.csv"]) == [
            {safe_cell(name): cell_text(value) for name, value in row.items()} for row in rows
        ]


def cell_text(value):
    return "" if value is None else str(safe_cell(value))


@settings(max_examples=150, deadline=None)
@given(marked_samples())
def test_nothing_of_what_is_left_out_is_anywhere(sample: Sample):
    assume(sample.expected)
    files = unpack(build_portable(subject("fr"), sample.data_map, sample.findings))
    everything = b"".join(files.values())
    assert b"drop-" not in everything
    tables = b"".join(content for name, content in files.items() if name.startswith("data/"))
    for rows in sample.expected.values():
        for cell in (cell for row in rows for cell in row.values()):
            assert files["data.json"].count(cell.encode()) == tables.count(cell.encode()) == 1


@pytest.mark.parametrize("value", [*FORMULAS, *AWKWARD, "\x1b]0;x\x07", "-12,5", "2026-11-23"])
def test_hostile_text_survives_in_json_and_calculates_nothing_in_csv(value):
    files = with_value(value)
    validated(files)
    assert json_of(files, "data.json")["data"]["shop"]["messages"][0]["message"] == value
    [row] = csv_of(files["data/shop/messages.csv"])
    assert row["message"] == safe_cell(value)
    assert row["message"][:1] not in {*"=+@|%\t\r"}


@pytest.mark.parametrize("value", [2**53 + 1, -(10**4000), 1e308, True, {"=a": ["=b", None]}, [[1], {}]])
def test_numbers_and_nested_values_survive(value):
    files = with_value(value)
    validated(files)
    assert json_of(files, "data.json")["data"]["shop"]["messages"][0]["message"] == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", {"\ud800": 1}, ["\udfff"], {"a": [float("-inf")]}],
    ids=lambda value: type(value).__name__,
)
def test_what_no_json_file_can_carry_is_refused_by_name(value):
    findings = findings_of({"messages": [{"email": "a@example.org", "message": "x"}]})
    record = findings[0].records[0]
    record = record.model_copy(update={"data": {**record.data, "message": value}})
    findings[0] = findings[0].model_copy(update={"records": (record,)})
    with pytest.raises(NeedsHuman, match=r"shop: messages\.message holds a value that no JSON file"):
        build_portable(subject("en"), map_of(MESSAGES), findings)


def test_where_nothing_is_portable_no_archive_is_built():
    with pytest.raises(NeedsHuman, match="refuse"):
        build_portable(subject(), data_map(), client_findings())


@pytest.mark.parametrize("status", [FindingStatus.FAILED, FindingStatus.WAITING])
def test_a_system_that_did_not_answer_stops_the_export(status):
    """F3."""
    findings = [mixed()[2], nothing("elay"), nothing("billing").model_copy(update={"status": status})]
    with pytest.raises(NeedsHuman, match="billing"):
        build_portable(subject(), data_map(), findings)
    with pytest.raises(NeedsHuman, match="billing"):
        build_portable(subject(), data_map(), findings[:2])


def test_single_cells_cannot_be_withheld():
    entry = (Withheld("site_db", "form_submissions.payload", "it names somebody else"),)
    with pytest.raises(NeedsHuman, match="whole columns"):
        build_portable(subject("en", entry), data_map(), mixed())


def test_two_tables_with_one_file_name_are_refused():
    described = {"a.b": MESSAGES["messages"], "a b": MESSAGES["messages"]}
    rows = [{"email": "a", "message": "b"}]
    with pytest.raises(Rejected, match="same file name"):
        build_portable(subject(), map_of(described), findings_of({"a.b": rows, "a b": rows}))
