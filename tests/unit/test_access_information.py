"""Art. 15(1) and (2) are answered from this person's findings (law.md R1, F6), and what is withheld is marked (R1.14)."""

from datetime import date

import pytest

from models.bundle import Withheld, access_information
from models.controller import Category, LegalBasis, Recipient, Text, Transfer
from models.errors import MapIncomplete, NeedsHuman
from models.information import Disclosed
from models.records import Record
from models.rights import Right
from models.withholding import withhold
from tests.support.bundle_samples import client_findings, data_map, nothing, visitor_findings, with_records


def rights_of(information):
    return {(item.right, item.because) for item in information.rights}


def test_two_people_are_told_different_things():
    """F6: no copy of the notice."""
    client = access_information(data_map(), client_findings(), "en")
    visitor = access_information(data_map(), visitor_findings(), "en")
    assert {use.purpose for use in visitor.uses} == {
        "Answering requests sent through our forms",
        "Measuring the website’s audience",
    }
    assert {use.purpose for use in client.uses}.isdisjoint({use.purpose for use in visitor.uses})
    assert [one.name for one in visitor.recipients] == ["Clever Cloud SAS"]
    assert [one.name for one in client.recipients] == ["Clever Cloud SAS", "Elay"]
    assert "online identifiers" in visitor.categories
    assert "online identifiers" not in client.categories
    assert {one.source for one in visitor.sources}.isdisjoint({one.source for one in client.sources})
    assert [held.retention.keep for held in visitor.data_sets] == ["3y", "13mo"]
    assert {held.retention.keep for held in client.data_sets} == {"3y", "10y"}


def test_only_rights_that_apply_are_named():
    """R1.6 and the quick matrix of law.md section 4."""
    visitor = rights_of(access_information(data_map(), visitor_findings(), "en"))
    assert (Right.CONSENT_WITHDRAWAL, "consent") in visitor
    assert (Right.PORTABILITY, "consent") in visitor
    assert Right.OBJECTION not in {right for right, _ in visitor}
    client = rights_of(access_information(data_map(), client_findings(), "en"))
    assert Right.CONSENT_WITHDRAWAL not in {right for right, _ in client}
    assert {(Right.OBJECTION, "marketing"), (Right.OBJECTION, "legitimate_interest")} <= client


def test_accounting_alone_gives_neither_erasure_nor_portability_nor_objection():
    record = Record(table="invoices", key={"id": 1}, data={"number": "F-1"}, keep_until=date(2035, 12, 31))
    information = access_information(
        data_map(), [with_records("site_db", record), nothing("billing"), nothing("elay")], "fr"
    )
    assert {right for right, _ in rights_of(information)} == {Right.RECTIFICATION, Right.RESTRICTION}
    assert [use.basis for use in information.uses] == [LegalBasis.LEGAL_OBLIGATION]


def test_empty_columns_do_not_make_a_category():
    """R1.3: drop those that do not apply."""
    record = Record(
        table="contacts", key={"id": 1}, data={"email": "a@example.org", "role": None, "notes": ""}
    )
    held = access_information(data_map(), [with_records("site_db", record)], "en").data_sets[0]
    assert held.categories == {Category.CONTACT: ("E-mail address",)}


def test_retention_gives_dates_where_the_rows_have_them():
    """R1.5."""
    deals = next(
        held
        for held in access_information(data_map(), client_findings(), "en").data_sets
        if held.table == "deals"
    )
    assert deals.retention.until == (date(2028, 4, 2),)
    assert not deals.retention.all_dated
    assert "three years" in deals.retention.text


def test_a_period_of_the_tables_own_replaces_the_purposes_sentence():
    original = data_map()
    site = original.systems["site_db"]
    contacts = site.tables["contacts"]
    own = contacts.model_copy(update={"retention": contacts.retention.model_copy(update={"keep": "1y"})})
    changed = original.model_copy(
        update={
            "systems": original.systems
            | {"site_db": site.model_copy(update={"tables": site.tables | {"contacts": own}})}
        }
    )
    held = next(
        held
        for held in access_information(changed, client_findings(), "en").data_sets
        if held.table == "contacts"
    )
    assert (held.retention.keep, held.retention.starts, held.retention.text) == ("1y", "Last exchange", "")


def test_transfers_are_told_to_those_whose_data_they_concern():
    """R1.10: transfers that actually happen."""
    original = data_map()
    away = Recipient(
        name="Elay Inc.",
        role=Text(fr="éditeur", en="vendor"),
        country="US",
        categories=(Category.IDENTITY,),
    )
    transfers = original.controller.transfers.model_copy(
        update={"items": (Transfer(to="elay", safeguard=Text(fr="clauses types", en="standard clauses")),)}
    )
    controller = original.controller.model_copy(
        update={"recipients": original.controller.recipients | {"elay": away}, "transfers": transfers}
    )
    changed = original.model_copy(update={"controller": controller})
    told = access_information(changed, client_findings(), "en").transfers
    assert [(one.name, one.country, one.safeguard) for one in told] == [
        ("Elay Inc.", "US", "standard clauses")
    ]
    assert access_information(changed, visitor_findings(), "en").transfers == ()
    logged = (Disclosed(recipient="ELAY inc.", on=date(2026, 3, 5), what="contact details"),)
    assert access_information(changed, visitor_findings(), "en", logged).transfers == told


def test_only_codes_that_occur_are_explained():
    """R1.13."""
    codes = access_information(data_map(), client_findings(), "en").codes
    assert [(code.code, code.meaning) for code in codes] == [
        ("3", "won"),
        ("2", "proposal sent"),
        ("ok", "up to date"),
    ]


@pytest.mark.parametrize("data", [{"shoe_size": 41}, {"shoe_size": None}, {"litigation": True}])
def test_a_column_the_map_does_not_export_stops(data):
    """DESIGN.md 4.8: fail closed."""
    finding = with_records("site_db", Record(table="contacts", key={"id": 1}, data=data))
    with pytest.raises(MapIncomplete, match="site_db"):
        access_information(data_map(), [finding], "fr")


def test_a_table_the_map_does_not_know_stops():
    finding = with_records("site_db", Record(table="shadow", key={"id": 1}, data={}))
    with pytest.raises(MapIncomplete, match="shadow"):
        access_information(data_map(), [finding], "fr")


def test_withholding_marks_the_cell_and_leaves_the_rest():
    site = client_findings()[0]
    (released,) = withhold([site], [Withheld("site_db", "email_log.body#2", "secret")], "en")
    bodies = [record.data["body"] for record in released.records if record.table == "email_log"]
    assert bodies[0].startswith("Bonjour")
    assert bodies[1] == "[withheld: secret]"
    (all_rows,) = withhold([site], [Withheld("site_db", "email_log.body", "secret")], "fr")
    assert {record.data["body"] for record in all_rows.records if record.table == "email_log"} == {
        "[non communiqué : secret]"
    }


def test_an_empty_cell_is_not_marked():
    site = client_findings()[0]
    (released,) = withhold([site], [Withheld("site_db", "contacts.opted_out_at", "secret")], "en")
    assert released.records[0].data["opted_out_at"] is None


def test_a_withheld_document_goes():
    elay = client_findings()[2]
    (released,) = withhold([elay], [Withheld("elay", "document:Fiche Elay.pdf", "secret")], "en")
    assert [document.name for document in released.documents] == ["historique.html"]


@pytest.mark.parametrize(
    "entry",
    [
        Withheld("site_db", "contacts.note", "secret"),
        Withheld("site_db", "email_log.body#3", "secret"),
        Withheld("billing", "contacts.notes", "secret"),
        Withheld("elay", "document:other.pdf", "secret"),
        Withheld("site_db", "contacts.notes", " "),
    ],
)
def test_withholding_what_is_not_there_or_without_reason_is_refused(entry):
    with pytest.raises(NeedsHuman, match="withheld item 1"):
        withhold(client_findings(), [entry], "fr")
