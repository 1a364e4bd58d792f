"""What an answer to an access request says beside the copy: the information of Art. 15(1) and (2), about one person.

Pure: everything is computed from that person's findings, the disclosure log and the data map, never from the map alone
(law.md F6), so two people with different data are told different purposes, categories, recipients, retention and rights.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple, TypeVar

from pydantic import AwareDatetime

from models.calendar import Language
from models.controller import Category, Controller, LegalBasis
from models.data_map import DataMap, ManualSystem, System, Table, legal_basis
from models.errors import MapIncomplete
from models.information import (
    AccessInformation,
    ApplicableRight,
    DataSet,
    Disclosed,
    ExplainedCode,
    NamedSource,
    RetentionTerm,
    Use,
)
from models.map_in_words import column_of, column_title, meaning_of, said, table_of
from models.recipients import made_transfers, named_recipients
from models.records import Finding, FindingStatus, Frozen, Identifier, Record
from models.rights import Right

Item = TypeVar("Item")


class Withheld(NamedTuple):
    """What the officer keeps back, and why, in the person's language (law.md R1.14, T2).

    `what` is `table.column` (all rows), `table.column#2` (the second row as found) or `document:NAME`.
    """

    system: str
    what: str
    reason: str


class BundleSubject(Frozen):
    """The person and the case. `state_of_data_at`: the instant whose data the copy shows (law.md C6, GL 39)."""

    case_ref: str
    name: str
    identifiers: tuple[Identifier, ...]
    language: Language
    received_on: date
    state_of_data_at: AwareDatetime
    withheld: tuple[Withheld, ...] = ()


def access_information(
    data_map: DataMap,
    findings: Sequence[Finding],
    language: Language,
    disclosed: Collection[Disclosed] = (),
) -> AccessInformation:
    """Return what law.md R1 asks for, about the person whose findings these are, and of whom `disclosed` tells.

    A table, column or key that the map does not name raises `MapIncomplete` (DESIGN.md 4.8).
    """
    sets = tuple(data_set for finding in findings for data_set in data_sets_of(data_map, finding, language))
    controller = data_map.controller
    return AccessInformation(
        systems=len(data_map.systems),
        data_sets=sets,
        uses=tuple(_uses(sets)),
        categories=_categories(controller, sets, language),
        recipients=tuple(named_recipients(controller, sets, disclosed, language)),
        rights=tuple(_rights(sets)),
        authority=controller.supervisory_authority,
        sources=tuple(
            NamedSource(
                source=source, data_sets=_unique(held.title for held in sets if held.source == source)
            )
            for source in _unique(held.source for held in sets)
        ),
        automated_decisions=said(controller.automated_decisions, language),
        transfers=tuple(made_transfers(controller, sets, disclosed, language)),
        transfers_statement=said(controller.transfers.statement, language),
        codes=tuple(_codes(data_map, findings, language)),
    )


def data_sets_of(data_map: DataMap, finding: Finding, language: Language) -> Iterator[DataSet]:
    """The tables with records of this person; one data set for a manual system or for documents alone."""
    if finding.status != FindingStatus.FOUND:
        return
    system = data_map.systems.get(finding.system)
    if system is None:
        raise MapIncomplete(f"{finding.system} was searched and is not in the data map: add it")
    if isinstance(system, ManualSystem):
        categories: dict[Category, tuple[str, ...]] = dict.fromkeys(system.categories, ())
        yield _data_set(data_map.controller, system, "", finding.records, categories, language)
        return
    for name in _unique(record.table for record in finding.records):
        table = table_of(system, name)
        assert table is not None
        rows = [record for record in finding.records if record.table == name]
        held = _held(system, table, rows, language)
        yield _data_set(data_map.controller, system, name, rows, held, language)


def _held(
    system: System, table: Table, rows: Collection[Record], language: Language
) -> dict[Category, tuple[str, ...]]:
    """Categories actually held, with the columns that hold something (R1.3, GL 115: drop those that do not apply)."""
    columns = {name: column_of(system, table, name) for row in rows for name in row.data}
    filled = _unique(name for row in rows for name, value in row.data.items() if value not in (None, ""))
    return {
        category: tuple(
            column_title(columns[name], name, language)
            for name in filled
            if columns[name].category == category
        )
        for category in _unique(columns[name].category for name in filled)
    }


def _data_set(
    controller: Controller,
    system: System,
    name: str,
    rows: Collection[Record],
    categories: dict[Category, tuple[str, ...]],
    language: Language,
) -> DataSet:
    held = table_of(system, name) or system
    assert isinstance(held, Table | ManualSystem)
    purpose = controller.purposes[held.purpose]
    basis = legal_basis(controller, held)
    return DataSet(
        system=system.system,
        table=name,
        system_title=said(system.title, language),
        title=said(held.title, language),
        purpose=said(purpose.title, language),
        basis=basis,
        basis_text=said(purpose.basis_text, language) if basis == purpose.basis else "",
        source=said(controller.sources[held.source], language),
        categories=categories,
        recipients=system.recipients,
        retention=_retention(controller, held, rows, language),
        stoppable=isinstance(held, Table) and held.stop is not None,
    )


def _retention(
    controller: Controller, held: Table | ManualSystem, rows: Collection[Record], language: Language
) -> RetentionTerm:
    """The table's own period where the map gives one, else the purpose's (R1.5: never "the statutory period")."""
    rule = controller.purposes[held.purpose].retention
    own = held.retention if isinstance(held, Table) else None
    same = own is None or (own.keep, own.from_year_end) == (rule.keep, rule.from_year_end)
    starts = said(rule.starts, language)
    if isinstance(held, Table) and own is not None and not same:
        starts = column_title(held.columns[own.start], own.start, language)
    return RetentionTerm(
        keep=own.keep if own else rule.keep,
        from_year_end=own.from_year_end if own else rule.from_year_end,
        starts=starts,
        text=said(rule.text, language) if same else "",
        until=tuple(sorted({row.keep_until for row in rows if row.keep_until})),
        all_dated=bool(rows) and all(row.keep_until for row in rows),
    )


def _uses(sets: Sequence[DataSet]) -> Iterator[Use]:
    for purpose, basis in _unique((held.purpose, held.basis) for held in sets):
        same = [held for held in sets if (held.purpose, held.basis) == (purpose, basis)]
        yield Use(
            purpose=purpose,
            basis=basis,
            basis_text=same[0].basis_text,
            data_sets=_unique(held.title for held in same),
        )


def _categories(
    controller: Controller, sets: Sequence[DataSet], language: Language
) -> dict[str, tuple[str, ...]]:
    return {
        said(controller.categories[category], language): _unique(
            column for held in sets for column in held.categories.get(category, ())
        )
        for category in Category
        if any(category in held.categories for held in sets)
    }


def _rights(sets: Sequence[DataSet]) -> Iterator[ApplicableRight]:
    """law.md section 4, quick matrix: one line per right and reason, with the purposes it works on (R1.6, GL 119)."""
    consent, contract, interest = LegalBasis.CONSENT, LegalBasis.CONTRACT, LegalBasis.LEGITIMATE_INTEREST
    matrix = (
        (Right.RECTIFICATION, "always", set(LegalBasis), False),
        (Right.ERASURE, "consent", {consent}, False),
        (Right.ERASURE, "contract", {contract}, False),
        (Right.ERASURE, "legitimate_interest", {interest}, False),
        (Right.RESTRICTION, "always", set(LegalBasis), False),
        (Right.OBJECTION, "marketing", {interest}, True),
        (Right.OBJECTION, "legitimate_interest", {interest}, False),
        (Right.CONSENT_WITHDRAWAL, "consent", {consent}, False),
        (Right.PORTABILITY, "consent", {consent}, False),
        (Right.PORTABILITY, "contract", {contract}, False),
    )
    for right, because, bases, only_stoppable in matrix:
        purposes = _unique(
            held.purpose for held in sets if held.basis in bases and (held.stoppable or not only_stoppable)
        )
        if purposes:
            yield ApplicableRight(right=right, because=because, purposes=purposes)


def _codes(data_map: DataMap, findings: Iterable[Finding], language: Language) -> Iterator[ExplainedCode]:
    """The codes that occur in this person's rows, each once, in words (R1.13, GL 141)."""
    seen: set[tuple[str, str, str, str]] = set()
    for finding in findings:
        for record in finding.records if finding.status == FindingStatus.FOUND else ():
            table = table_of(data_map.systems[finding.system], record.table)
            for name, value in record.data.items() if table else ():
                assert table is not None
                meaning = meaning_of(table.columns[name], value, language)
                place = (finding.system, record.table, name, str(value))
                if meaning and place not in seen:
                    seen.add(place)
                    yield ExplainedCode(
                        table=said(table.title, language),
                        column=column_title(table.columns[name], name, language),
                        code=str(value),
                        meaning=meaning,
                    )


def _unique(items: Iterable[Item]) -> tuple[Item, ...]:
    """Each once, in order of first appearance."""
    return tuple(dict.fromkeys(items))
