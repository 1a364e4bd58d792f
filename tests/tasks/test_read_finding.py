"""Reading a finding: what is shown is what is stored, and the audit log tells who looked, once."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models import storage
from models.audit import verify
from models.database import reading, unit_of_work
from models.errors import NotFound
from models.records import Finding, FindingStatus
from models.tables import AuditEvent, FindingRow, RequestDates
from tasks.read_finding import read_finding
from tasks.search_systems import store_findings
from tasks.steps import Scene
from tests.support.at_once import at_once
from tests.support.bundle_samples import SEARCHED, client_findings
from tests.support.case_rows import NOW, add_case

PROBLEM = "no answer within 30 s: see that it is reachable"


def stored(*findings: Finding, number: int = 0) -> tuple[str, list[int]]:
    """A case with one round of findings: its reference and their numbers."""
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        store_findings(number, findings)(Scene(session, case, request, NOW))
        session.flush()
        rows = session.exec(select(FindingRow).where(FindingRow.request_id == request.id)).all()
        return case.ref, [row.id for row in rows]


def looks() -> list[AuditEvent]:
    with reading() as session:
        return list(session.exec(select(AuditEvent).where(AuditEvent.kind == "finding_read")))


def test_records_are_shown_with_what_is_to_be_read(db: str) -> None:
    ref, [site, *_] = stored(*client_findings())
    seen = read_finding(ref, site, "Dana", NOW)
    assert (seen.title, seen.problem, seen.replaced) == ("Base de données du site", "", False)
    assert [sheet.title for sheet in seen.sheets] == [
        "Fiche de contact",
        "Affaires",
        "Factures",
        "E-mails échangés",
    ]
    assert [(item.column, item.sheet, item.rows) for item in seen.to_read] == [
        ("Notes de nos équipes", 1, (1,)),
        ("Objet", 4, (1, 2)),
        ("Message", 4, (1, 2)),
    ]
    assert seen.texts == 5
    assert sum(len(sheet.records) for sheet in seen.sheets) == seen.row.records


def test_each_officer_s_first_look_is_recorded_once(db: str) -> None:
    ref, [site, billing, _] = stored(*client_findings())
    for officer, number in [("Dana", site), ("Dana", site), ("Ali", site), ("Dana", billing), ("Ali", site)]:
        read_finding(ref, number, officer, NOW + timedelta(hours=1))
    assert [(event.actor, event.detail["system"]) for event in looks()] == [
        ("Dana", "site_db"),
        ("Ali", "site_db"),
        ("Dana", "billing"),
    ]
    first = looks()[0]
    assert (first.detail["finding"], first.detail["request"], first.detail["round"]) == (site, "access", 0)
    with reading() as session:
        assert first.detail["sha256"] == session.get_one(FindingRow, site).sha256
        assert verify(session) == []


def test_looks_at_once_are_recorded_once(db: str) -> None:
    ref, [site, *_] = stored(*client_findings())
    ends = at_once(*[lambda: read_finding(ref, site, "Dana", NOW).texts] * 4)
    assert ends == [5] * 4
    assert len(looks()) == 1


def test_a_finding_is_reached_through_its_own_case_only(db: str) -> None:
    ref, [site, *_] = stored(*client_findings())
    other, _ = stored(*client_findings())
    for case, number in [(other, site), (ref, 10**30), (ref, 0), ("DSR-2026-9999", site)]:
        with pytest.raises(NotFound):
            read_finding(case, number, "Dana", NOW)
    assert looks() == []


@pytest.mark.parametrize("status", [FindingStatus.FAILED, FindingStatus.WAITING])
def test_what_could_not_be_searched_says_why(db: str, status: FindingStatus) -> None:
    finding = Finding(system="elay", status=status, searched_at=SEARCHED, problem=PROBLEM)
    ref, [number] = stored(finding)
    seen = read_finding(ref, number, "Dana", NOW)
    assert (seen.problem, seen.sheets, seen.documents) == (PROBLEM, (), ())


def test_bytes_that_were_changed_are_not_shown(db: str) -> None:
    ref, [site, billing, _] = stored(*client_findings())
    with unit_of_work() as session:
        other = session.get_one(FindingRow, billing).storage_key
        session.get_one(FindingRow, site).storage_key = other
    seen = read_finding(ref, site, "Dana", NOW)
    assert "was changed" in seen.problem
    assert seen.sheets == ()


def test_what_was_purged_or_left_the_map_is_said(db: str) -> None:
    site, *_ = client_findings()
    strange = site.model_copy(update={"records": (site.records[0].model_copy(update={"table": "gone"}),)})
    ref, [number] = stored(strange)
    assert "gone" in read_finding(ref, number, "Dana", NOW).problem
    with reading() as session:
        storage.forget(session.get_one(FindingRow, number).storage_key)
    assert "purged" in read_finding(ref, number, "Dana", NOW).problem


def test_an_earlier_round_says_that_it_was_replaced(db: str) -> None:
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        for number in (0, 1):
            store_findings(number, client_findings())(Scene(session, case, request, NOW))
        rows = session.exec(select(FindingRow).where(FindingRow.system == "site_db")).all()
    replaced = {row.round: read_finding(case.ref, row.id, "Dana", NOW).replaced for row in rows}
    assert replaced == {0: True, 1: False}


def test_the_systems_involved_are_kept_for_the_figures(db: str) -> None:
    found, nothing = client_findings()[0], client_findings()[1]
    stored(found, nothing.model_copy(update={"status": FindingStatus.NONE}))
    with reading() as session:
        kept = {row.systems for row in session.exec(select(RequestDates))}
    assert f",{found.system}," in kept
    assert not any(nothing.system in systems for systems in kept)
