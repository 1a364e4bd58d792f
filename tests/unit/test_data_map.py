"""The data map is read whole or not at all, and every error names file, line and key."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from models.controller import LegalBasis
from models.data_map import Retention, end_of_retention, is_provided, legal_basis, parents_first
from models.data_map_loading import load_data_map
from models.errors import NeedsHuman

SHIPPED = Path(__file__).parents[2] / "data_map"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "data_map"))


def line_of(text: str, fragment: str) -> int:
    return text[: text.index(fragment)].count("\n") + 1


def test_the_shipped_map_holds_the_published_policy():
    data_map = load_data_map(SHIPPED)
    assert set(data_map.systems) == {"site_db", "billing", "elay"}
    keep = {key: purpose.retention.keep for key, purpose in data_map.controller.purposes.items()}
    assert keep["form_requests"] == "3y"
    assert keep["client_relationship"] == "3y"
    assert keep["audience_measurement"] == "13mo"
    assert keep["invoicing"] == "10y"
    assert data_map.controller.purposes["invoicing"].retention.from_year_end


def test_a_table_may_override_the_basis_of_its_purpose():
    data_map = load_data_map(SHIPPED)
    invoices = data_map.systems["site_db"].tables["invoices"]
    assert legal_basis(data_map.controller, invoices) == LegalBasis.LEGAL_OBLIGATION
    overridden = invoices.model_copy(update={"basis": LegalBasis.CONTRACT})
    assert legal_basis(data_map.controller, overridden) == LegalBasis.CONTRACT


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "says"),
    [
        ("site_db", "rectify: true, mask: token_email", "rectifi: true, mask: token_email", "tables.contacts.columns.email.rectifi", "unknown key"),
        ("site_db", "    purpose: sales_follow_up\n", "", "tables.deals.purpose", "missing key"),
        ("site_db", "purpose: sales_follow_up", "purpose: sales", "tables.deals.purpose", "purposes of controller.yaml has no sales"),
        ("site_db", "source: your_visit", "source: spying", "tables.web_sessions.source", "sources of controller.yaml has no spying"),
        ("site_db", "recipients: [clever_cloud]", "recipients: [nobody]", "recipients.0", "has no nobody"),
        ("site_db", "to: contacts.id", "to: people.id", "tables.deals.link.to", "tables has no people"),
        ("site_db", "to: contacts.id", "to: contacts.key", "tables.deals.link.to", "columns of contacts has no key"),
        ("site_db", "column: visitor_id}", "column: visitor}", "tables.web_sessions.identity.visitor_id.column", "columns has no visitor"),
        ("site_db", "      visitor_id: {column", "      visitor: {column", "tables.web_sessions.identity.visitor", "pattern"),
        ("site_db", "start: sent_at", "start: send_at", "tables.email_log.retention.start", "columns has no send_at"),
        ("site_db", "keep: 13mo", "keep: 13 months", "tables.web_sessions.retention.keep", "pattern"),
        ("site_db", "keep: 13mo", "keep: 13", "tables.web_sessions.retention.keep", "text"),
        ("site_db", "category: usage", "category: browsing", "tables.web_sessions.columns.pages.category", "Input should be"),
        ("site_db", 'third_party: true, mask: "null"', 'third_party: perhaps, mask: "null"', "tables.contacts.columns.notes.third_party", "boolean"),
        ("site_db", 'third_party: true, mask: "null"', "third_party: true", "tables.contacts.columns.notes", "mask"),
        ("site_db", 'third_party: true, mask: "null"', "third_party: true, mask: null", "tables.contacts.columns.notes.mask", "quotes"),
        ("site_db", 'third_party: true, mask: "null"', "third_party: true, mask: burn", "tables.contacts.columns.notes.mask", "pattern"),
        ("site_db", "mask: redact_identities, ", "", "tables.deals.columns.title", "minimised"),
        ("site_db", "has_kept: invoices", "has_kept: email_log", "tables.contacts.erasure.holds.1.when.has_kept", "no table below"),
        ("site_db", "when: {retention_running: true}", "when: {}", "tables.invoices.erasure.holds.0.when", "exactly one"),
        ("site_db", "mask_anyway: [billing_mail]", "mask_anyway: [total]", "tables.invoices.erasure.holds.0.mask_anyway", "no column with a mask"),
        ("site_db", "column: litigation, is", "column: lawsuit, is", "tables.contacts.erasure.holds.0.when.column", "no lawsuit"),
        ("site_db", 'opted_out_at: "now"', 'opted_out: "now"', "tables.contacts.stop.set.opted_out", "no opted_out"),
        ("site_db", 'opted_out_at: "now"', 'opted_out_at: "soon"', "tables.contacts.stop.set.opted_out_at", "pattern"),
        ("site_db", 'set: {restricted_at: "now"}', 'set: {restricted: "now"}', "tables.contacts.restrict.set.restricted", "columns has no restricted"),
        ("site_db", 'lift: {restricted_at: "null"}', "lift: {restricted_at: null}", "tables.contacts.restrict.lift.restricted_at", "in quotes"),
        ("site_db", 'lift: {restricted_at: "null"}', 'lift: {role: "null"}', "tables.contacts.restrict.lift.role", "the same columns"),
        ("site_db", 'lift: {restricted_at: "null"}', 'lift: {restricted_at: "now"}', "tables.contacts.restrict.lift.restricted_at", 'must write "null"'),
        ("site_db", '{set: {restricted_at: "now"}, lift: {restricted_at: "null"}}', '{set: {role: "true"}, lift: {role: "true"}}', "tables.contacts.restrict.lift.role", "another value"),
        ("site_db", '{set: {restricted_at: "now"}, lift: {restricted_at: "null"}}', '{set: {opted_out_at: "now"}, lift: {opted_out_at: "null"}}', "tables.contacts.restrict.set.opted_out_at", "undo an objection"),
        ("site_db", 'set: {restricted_at: "now"}', 'set: {phone: "null"}', "tables.contacts.restrict.set.phone", "found by this column"),
        ("site_db", 'stop: {set: {marketing_optin: "false"', 'stop: {set: {email: "null"', "tables.contacts.stop.set.email", "found by this column"),
        ("site_db", "provided: false, export: false", "provided: true, export: false", "tables.contacts.columns.litigation.provided", "not exported"),
        ("billing", "responsible: {name: Administrator of the billing tool, email: billing@nexoris.com}\n", "", "instruction", "responsible is missing"),
        ("billing", "due_working_days: 5", "due_working_days: 16", "due_working_days", "less than or equal"),
        ("billing", "    retention: {", '    restrict: {set: {company: "true"}, lift: {company: "null"}}\n    retention: {', "tables.billing_customers.restrict", "only read"),
        ("site_db", "ignore_tables: [alembic_version", "ignore_tables: [invoices", "ignore_tables", "mapped as well"),
        ("site_db", "system: site_db", "system: site", "system", "must be site_db"),
        ("site_db", "kind: sql", "kind: sqlite", "kind", "sql, csv, manual"),
        ("site_db", "  deals:\n", "  contacts:\n", "tables.contacts", "duplicate key, first on line"),
        ("site_db", "    key: [id]\n    link: {column: contact_id, to: contacts.id}\n", "    key: [id]\n", "tables.deals", "nobody's rows"),
        ("site_db", "email#2: {column: to_addr, fold: true}", "email#2: {column: to_addr, fold: true, contact_point: true}", "tables.email_log.identity.email#2.contact_point", "second person"),
        ("site_db", "phone: {column: phone}", "phone: {column: role, contact_point: true}", "tables.contacts.identity.phone.contact_point", "not of category contact"),
        ("billing", "encoding: utf-8", "encoding: utf-9", "encoding", "no such encoding"),
        ("billing", "    purpose: invoicing", "    link: {column: company, to: billing_customers.name}\n    purpose: invoicing", "tables.billing_customers.link", "no other table"),
        ("billing", "file: billing_customers.csv", "file: ../secrets.csv", "file", "pattern"),
        ("elay", "email: elay@nexoris.com", "email: nobody", "responsible.email", "email"),
        ("elay", "due_working_days: 5", "due_working_days: 90", "due_working_days", "less than or equal"),
        ("controller", "basis: consent\n", "basis: because\n", "purposes.form_requests.basis", "Input should be"),
        ("controller", "languages: [fr, en]", "languages: [de]", "languages.0", "'fr' or 'en'"),
        ("controller", "    country: EE", "    country: US", "recipients.pipedrive.country", "outside the EEA"),
        ("controller", "  items: []", "  items: [{to: acme, safeguard: {fr: x, en: y}}]", "transfers.items.0.to", "no acme"),
        ("controller", '  usage:        {fr: "usage du site", en: "use of the website"}\n', "", "categories", "usage is missing"),
    ],
)  # fmt: skip
def test_every_mistake_is_named_with_file_line_and_key(
    folder: Path, file: str, old: str, new: str, key: str, says: str
):
    path = folder / f"{file}.yaml"
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NeedsHuman) as caught:
        load_data_map(folder)
    lines = [line for line in str(caught.value).splitlines() if f" {key}: " in line]
    assert lines, caught.value
    place, _, message = lines[0].partition(f" {key}: ")
    name, _, number = place.partition(":")
    assert name == f"data_map/{file}.yaml"
    assert 1 <= int(number) <= before.count("\n")
    assert says in message


def test_a_person_is_told_what_to_do_and_somebody_is_told(folder: Path):
    path = folder / "billing.yaml"
    text = path.read_text(encoding="utf-8")
    fr = text.index("instruction:")
    en = text.index("due_working_days:")
    path.write_text(text[:fr] + text[en:], encoding="utf-8")
    with pytest.raises(NeedsHuman, match=r"billing\.yaml:\d+ responsible: instruction is missing"):
        load_data_map(folder)
    billing = load_data_map(SHIPPED).systems["billing"]
    assert billing.responsible.email == "billing@nexoris.com"
    assert billing.due_working_days == 5


def test_what_a_person_provided_is_said_by_table_and_by_column():
    systems = load_data_map(SHIPPED).systems
    provided = {
        name: [
            column for column in table.columns if is_provided(table, column) and table.columns[column].export
        ]
        for system in ("site_db", "billing")
        for name, table in systems[system].tables.items()
    }
    assert provided["contacts"] == [
        "email", "phone", "full_name", "role", "company", "marketing_optin",
    ]  # fmt: skip
    assert provided["form_submissions"] == ["email", "payload", "created_at"]
    assert provided["web_sessions"] == ["visitor_id", "ip_trunc", "pages", "started_at"]
    assert provided["billing_customers"] == ["name", "email", "address"]
    assert provided["deals"] == provided["invoices"] == provided["email_log"] == []


def test_the_line_is_that_of_the_key(folder: Path):
    path = folder / "site_db.yaml"
    text = path.read_text(encoding="utf-8").replace("keep: 13mo", "keep: ages")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        NeedsHuman, match=f"^data_map/site_db.yaml:{line_of(text, 'keep: ages')} tables.web_sessions"
    ):
        load_data_map(folder)


def test_all_errors_of_all_files_are_listed_one_a_line(folder: Path):
    for file, old, new in [
        ("site_db", "keep: 13mo", "keep: ages"),
        ("site_db", "category: usage", "category: browsing"),
        ("elay", "due_working_days: 5", "due_working_days: no"),
    ]:
        path = folder / f"{file}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(NeedsHuman) as caught:
        load_data_map(folder)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"system: x\n\tkind: sql\n", ":2 file: syntax: "),
        (b"system: [x\n", "syntax: "),
        (b"- one\n- two\n", "keys and values"),
        (b"", "keys and values"),
        (b"system: \xff\xfe\n", "not UTF-8"),
        (b"a: &a {x: y}\nb: *a\n", ":2 b: aliases are not read"),
        (b"a: !!python/object/apply:os.system [ls]\n", "syntax: could not determine a constructor"),
        (b"system: x\nsystem: y\n", ":2 system: duplicate key, first on line 1"),
    ],
)
def test_a_file_that_is_not_plain_yaml_is_refused(folder: Path, content: bytes, says: str):
    (folder / "other.yaml").write_bytes(content)
    with pytest.raises(NeedsHuman, match=r"^data_map/other\.yaml") as caught:
        load_data_map(folder)
    assert says in str(caught.value)


def test_a_file_which_would_be_overlooked_is_an_error(folder: Path):
    (folder / "site_db.yaml").rename(folder / "site_db.yml")
    with pytest.raises(NeedsHuman, match=r"data_map/site_db\.yml: only \.yaml files are read"):
        load_data_map(folder)


def test_a_folder_without_a_controller_is_refused(tmp_path: Path):
    with pytest.raises(NeedsHuman, match=r"controller\.yaml is missing"):
        load_data_map(tmp_path)


def test_links_in_a_circle_are_refused(folder: Path):
    path = folder / "site_db.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "    purpose: client_relationship",
        "    link: {column: id, to: deals.id}\n    purpose: client_relationship",
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NeedsHuman, match=r"tables: the links .*contacts.* form a circle"):
        load_data_map(folder)


def test_parents_come_before_children():
    order = parents_first(load_data_map(SHIPPED).systems["site_db"].tables)
    assert order.index("contacts") < order.index("deals") < order.index("invoices")


@pytest.mark.parametrize(
    ("keep", "from_year_end", "year_end", "start", "end"),
    [
        ("10y", True, "12-31", date(2024, 3, 5), date(2034, 12, 31)),
        ("10y", True, "12-31", date(2014, 12, 31), date(2024, 12, 31)),
        ("10y", True, "06-30", date(2024, 7, 1), date(2035, 6, 30)),
        ("10y", True, "06-30", date(2024, 6, 30), date(2034, 6, 30)),
        ("3y", False, "12-31", date(2024, 2, 29), date(2027, 2, 28)),
        ("13mo", False, "12-31", date(2025, 1, 31), date(2026, 2, 28)),
        ("30d", False, "12-31", date(2026, 1, 1), date(2026, 1, 31)),
    ],
)
def test_the_end_of_retention(keep: str, from_year_end: bool, year_end: str, start: date, end: date):
    retention = Retention(start="on", keep=keep, from_year_end=from_year_end, year_end=year_end)
    assert end_of_retention(retention, start) == end
