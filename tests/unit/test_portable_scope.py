"""What portability covers (law.md R6, GDPR 20): consent or contract, automated, provided by the person; else why not."""

import pytest
from hypothesis import given, settings

from models.errors import MapIncomplete
from models.portability import (
    WHY,
    Because,
    nothing_portable,
    portable_part,
    portable_scope,
    scope_for_letter,
)
from models.records import Document, Record
from tests.support.bundle_samples import client_findings, data_map, nothing, visitor_findings, with_records
from tests.support.portable_samples import (
    BASES,
    Described,
    Sample,
    findings_of,
    map_of,
    marked_samples,
    samples,
)

ARTICLES = {
    Because.CONSENT: "20(1)",
    Because.CONTRACT: "20(1)",
    Because.LEGITIMATE_INTEREST: "20(1)(a)",
    Because.LEGAL_OBLIGATION: "20(1)(a)",
    Because.NOT_AUTOMATED: "20(1)(b)",
    Because.NOT_PROVIDED: "20(1)",
    Because.THIRD_PARTIES: "20(4)",
}


def of_table(basis="consent", provided=True, rows=None, **columns):
    """The scope of one table `messages`, whose columns are (provided or None, third party)."""
    described = {"messages": Described(basis, provided, columns)}
    held = rows or [dict.fromkeys(columns, "something")]
    scope = portable_scope(map_of(described), findings_of({"messages": held}))
    return [item for item in scope if item.system == "shop"]


def told(scope):
    return [(item.table, item.because, item.records, item.columns) for item in scope]


def test_a_visitor_may_take_forms_and_visits_along():
    scope = portable_scope(data_map(), visitor_findings())
    assert told(scope) == [
        ("form_submissions", Because.CONSENT, 1, ("email", "payload", "created_at")),
        ("web_sessions", Because.CONSENT, 1, ("visitor_id", "ip_trunc", "pages", "started_at")),
    ]
    assert not nothing_portable(scope)


def test_a_client_learns_why_nothing_is_handed_over():
    """Legitimate interest, legal duty, what we wrote ourselves: access only."""
    scope = portable_scope(data_map(), client_findings())
    assert {(item.system, item.table): item.because for item in scope} == {
        ("site_db", "contacts"): Because.LEGITIMATE_INTEREST,
        ("site_db", "deals"): Because.NOT_PROVIDED,
        ("site_db", "invoices"): Because.LEGAL_OBLIGATION,
        ("site_db", "email_log"): Because.LEGITIMATE_INTEREST,
        ("billing", "billing_customers"): Because.LEGAL_OBLIGATION,
        ("elay", ""): Because.LEGITIMATE_INTEREST,
    }
    assert nothing_portable(scope)
    assert portable_part(client_findings(), scope) == ()


@pytest.mark.parametrize("basis", BASES)
def test_the_basis_decides_first(basis):
    [item] = of_table(basis, True, email=(None, False))
    assert item.included is (basis in {"consent", "contract"})
    assert item.because == basis


@pytest.mark.parametrize(
    ("table", "column", "included"),
    [(True, None, True), (True, False, False), (False, None, False), (False, True, True)],
)
def test_a_column_may_speak_for_itself_about_its_origin(table, column, included):
    [item] = of_table(provided=table, email=(column, False))
    assert item.because == (Because.CONSENT if included else Because.NOT_PROVIDED)


def test_columns_are_left_out_one_by_one_and_named_with_their_reason():
    scope = of_table(email=(None, False), message=(None, True), montant=(False, False), note=(False, True))
    assert told(scope) == [
        ("messages", Because.CONSENT, 1, ("email",)),
        ("messages", Because.THIRD_PARTIES, 1, ("message",)),
        ("messages", Because.NOT_PROVIDED, 1, ("montant", "note")),
    ]
    assert [item.what.en for item in scope] == [
        "The table messages (Shop)",
        "Message (The table messages, Shop)",
        "Montant, Note (The table messages, Shop)",
    ]
    assert scope[0].what.fr == "Table messages (Boutique)"


def test_a_column_that_holds_nothing_is_not_spoken_of_and_leaves_no_data_set():
    rows = [{"email": "a", "message": None, "note": ""}, {"email": None, "message": "", "note": ""}]
    assert told(of_table(rows=rows, email=(None, False), message=(None, True), note=(None, False))) == [
        ("messages", Because.CONSENT, 2, ("email", "note"))
    ]
    assert told(of_table(rows=[{"email": None}], email=(None, False))) == [
        ("messages", Because.NOT_PROVIDED, 1, ())
    ]


def test_a_text_that_discovery_calls_doubtful_is_left_out():
    """T2: `to_review` names it, whatever the map says."""
    mapped = map_of({"messages": Described("consent", True, {"email": (None, False), "note": (None, False)})})
    record = Record(table="messages", key={}, data={"email": "a", "note": "b"}, to_review=("note",))
    scope = portable_scope(mapped, [with_records("shop", record)])
    assert [(item.because, item.columns) for item in scope] == [
        (Because.CONSENT, ("email",)),
        (Because.THIRD_PARTIES, ("note",)),
    ]


@pytest.mark.parametrize("basis", BASES)
def test_what_is_searched_by_hand_is_never_portable(basis):
    findings = [nothing("shop"), findings_of({})[1]]
    [item] = portable_scope(map_of({"messages": Described("consent", True, {})}, basis), findings)
    expected = Because.NOT_AUTOMATED if basis in {"consent", "contract"} else basis
    assert told([item]) == [("", expected, 1, ())]
    assert item.what.en == "Elay (customer relationship)"


def test_what_the_map_does_not_name_stops_the_scope():
    mapped = map_of({"messages": Described("consent", True, {"email": (None, False)})})
    document = Document(name="a.pdf", media_type="application/pdf", content=b"a")
    for finding in (
        with_records("crm", Record(table="a", key={}, data={"a": 1})),
        with_records("shop", Record(table="calls", key={}, data={"a": 1})),
        with_records("shop", Record(table="messages", key={}, data={"phone": 1})),
        with_records("shop", Record(table="messages", key={}, data={"id": 1})),
        with_records("shop", documents=(document,)),
    ):
        with pytest.raises(MapIncomplete):
            portable_scope(mapped, [finding])


@pytest.mark.parametrize("because", Because)
def test_each_reason_cites_its_article_in_both_languages(because):
    assert WHY[because].fr.endswith(f"(RGPD {ARTICLES[because]})")
    assert WHY[because].en.endswith(f"(GDPR {ARTICLES[because]})")


@pytest.mark.parametrize(("language", "forms"), [("fr", "Formulaires envoyés"), ("en", "Forms sent")])
def test_the_letter_has_a_line_for_each_data_set(language, forms):
    scope = portable_scope(data_map(), [*visitor_findings(), client_findings()[1]])
    lines = scope_for_letter(scope, language)
    assert [(line.included, line.records) for line in lines] == [(True, 1), (True, 1), (False, 1)]
    assert lines[0].what.startswith(f"{forms} (")
    assert [line.why for line in lines] == [getattr(item.why, language) for item in scope]


@settings(max_examples=200, deadline=None)
@given(samples())
def test_what_goes_out_is_what_the_law_lets_out(sample: Sample):
    scope = portable_scope(sample.data_map, sample.findings)
    part = portable_part(sample.findings, scope)
    out = {}
    for record in (record for finding in part for record in finding.records):
        out.setdefault(record.table, []).append(record.data)
    assert out == sample.expected
    assert nothing_portable(scope) is (not sample.expected)
    assert {item.table for item in scope if item.included} == set(sample.expected)
    assert not any(finding.documents for finding in part)


@settings(max_examples=100, deadline=None)
@given(marked_samples())
def test_every_data_set_and_every_column_that_holds_something_is_accounted_for_once(sample: Sample):
    scope = portable_scope(sample.data_map, sample.findings)
    assert scope == portable_scope(sample.data_map, sample.findings)
    found = {(finding.system, record.table) for finding in sample.findings for record in finding.records}
    assert {(item.system, item.table) for item in scope} == found | {("elay", "")}
    for table in {table for _, table in found}:
        lines = [item for item in scope if item.table == table]
        columns = [column for item in lines for column in item.columns]
        assert len(columns) == len(set(columns))
        record = next(r for f in sample.findings for r in f.records if r.table == table)
        if lines[0].because not in {Because.LEGITIMATE_INTEREST, Because.LEGAL_OBLIGATION}:
            assert set(columns) == set(record.data)
