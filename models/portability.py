"""Which of a person's data portability covers, and why the rest is left out (law.md R6; GDPR Art. 20).

Pure: computed from that person's findings and the data map. A data set is covered only where its basis is consent or
a contract, its processing is automated, and the person provided it; one missing condition leaves it to access alone.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from models.calendar import Language
from models.controller import LegalBasis, Text
from models.data_map import DataMap, ManualSystem, System, Table, is_provided, legal_basis
from models.errors import MapIncomplete
from models.map_in_words import column_of, column_title, said, table_of
from models.questions import Choice, Searched, review_choices
from models.records import Finding, FindingStatus, Frozen, Record
from models.replies import InScope


class Because(StrEnum):
    """Why a data set, or columns of one, is included or not."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"
    LEGAL_OBLIGATION = "legal_obligation"
    NOT_AUTOMATED = "not_automated"
    NOT_PROVIDED = "not_provided"
    THIRD_PARTIES = "third_parties"


INCLUDED = frozenset({Because.CONSENT, Because.CONTRACT})
OF_BASIS = {basis: Because(basis.value) for basis in LegalBasis}
WHY: dict[Because, Text] = {
    Because.CONSENT: Text(
        fr="ces données viennent de vous et leur traitement automatisé repose sur votre consentement (RGPD 20(1))",
        en="these data come from you and their automated processing rests on your consent (GDPR 20(1))",
    ),
    Because.CONTRACT: Text(
        fr="ces données viennent de vous et leur traitement automatisé repose sur un contrat (RGPD 20(1))",
        en="these data come from you and their automated processing rests on a contract (GDPR 20(1))",
    ),
    Because.LEGITIMATE_INTEREST: Text(
        fr="ce traitement repose sur notre intérêt légitime, et non sur un consentement ou un contrat (RGPD 20(1)(a))",
        en="this processing rests on our legitimate interest, not on consent or a contract (GDPR 20(1)(a))",
    ),
    Because.LEGAL_OBLIGATION: Text(
        fr="ce traitement répond à une obligation légale, et ne repose pas sur un consentement ou un contrat (RGPD 20(1)(a))",
        en="this processing meets a legal obligation and does not rest on consent or a contract (GDPR 20(1)(a))",
    ),
    Because.NOT_AUTOMATED: Text(
        fr="ces documents ne sont pas traités à l’aide de procédés automatisés (RGPD 20(1)(b))",
        en="these documents are not processed by automated means (GDPR 20(1)(b))",
    ),
    Because.NOT_PROVIDED: Text(
        fr="vous ne nous avez pas fourni ces données, nous les avons établies ou reçues d’ailleurs (RGPD 20(1))",
        en="you did not provide these data, we wrote them or received them from elsewhere (GDPR 20(1))",
    ),
    Because.THIRD_PARTIES: Text(
        fr="ces textes peuvent parler d’autres personnes, dont les droits seraient atteints (RGPD 20(4))",
        en="these texts may speak of other people, whose rights would be affected (GDPR 20(4))",
    ),
}


class ScopeItem(Frozen):
    """One line of the scope. `table` is empty for a system searched by hand.

    `columns`: those that are in the export, or those left out of it. `records`: how many rows, or documents, hold
    something there.
    """

    system: str
    table: str
    what: Text
    because: Because
    records: int
    columns: tuple[str, ...] = ()

    @property
    def included(self) -> bool:
        """Whether the export holds it."""
        return self.because in INCLUDED

    @property
    def why(self) -> Text:
        """The reason with its article, as the person is told."""
        return WHY[self.because]


def portable_scope(data_map: DataMap, findings: Sequence[Finding]) -> tuple[ScopeItem, ...]:
    """Return a line for everything that was found, in the order of the findings.

    What the map does not name raises `MapIncomplete` (DESIGN.md 4.8).
    """
    return tuple(
        item
        for finding in findings
        if finding.status == FindingStatus.FOUND
        for item in _scope_of(data_map, finding)
    )


def nothing_portable(scope: Sequence[ScopeItem]) -> bool:
    """Whether the request is to be refused: no data fall under Art. 20(1)."""
    return not any(item.included for item in scope)


def scope_for_letter(scope: Sequence[ScopeItem], language: Language) -> tuple[InScope, ...]:
    """Return the scope table of the reply (law.md R6) in the person's language."""
    return tuple(
        InScope(
            what=said(item.what, language),
            included=item.included,
            why=said(item.why, language),
            records=item.records,
        )
        for item in scope
    )


def portable_part(findings: Sequence[Finding], scope: Sequence[ScopeItem]) -> tuple[Finding, ...]:
    """Return the findings with the included columns of the included tables, and nothing else.

    Every file of the export is written from these, so that no file can show more than another.
    """
    kept = {(item.system, item.table): item.columns for item in scope if item.included}
    cut = (
        finding.model_copy(
            update={
                "records": tuple(
                    _cut(record, kept[finding.system, record.table])
                    for record in finding.records
                    if (finding.system, record.table) in kept
                ),
                "documents": (),
                "contact_points": (),
            }
        )
        for finding in findings
    )
    return tuple(finding for finding in cut if finding.records)


def _cut(record: Record, columns: Sequence[str]) -> Record:
    data = {name: value for name, value in record.data.items() if name in columns}
    return Record(table=record.table, key={}, data=data)


def _scope_of(data_map: DataMap, finding: Finding) -> Iterator[ScopeItem]:
    system = data_map.systems.get(finding.system)
    if system is None:
        raise MapIncomplete(f"{finding.system} was searched and is not in the data map: add it")
    if isinstance(system, ManualSystem):
        basis = OF_BASIS[legal_basis(data_map.controller, system)]
        because = Because.NOT_AUTOMATED if basis in INCLUDED else basis
        count = len(finding.documents) + len(finding.records)
        yield ScopeItem(system=system.system, table="", what=system.title, because=because, records=count)
        return
    if finding.documents:
        raise MapIncomplete(
            f"{system.system} holds documents whose origin the data map does not state: add it"
        )
    for name in dict.fromkeys(record.table for record in finding.records):
        records = [record for record in finding.records if record.table == name]
        table = table_of(system, name)
        assert table is not None
        yield from _lines(system, name, table, records, OF_BASIS[legal_basis(data_map.controller, table)])


def _lines(
    system: System, name: str, table: Table, records: Sequence[Record], basis: Because
) -> Iterator[ScopeItem]:
    """One line for the table, and one for each further reason that leaves columns out which hold something."""
    groups = _grouped(system, table, records, basis) if basis in INCLUDED else {basis: []}
    for because, columns in groups.items():
        apart = columns if len(groups) > 1 and because is not basis else []
        yield ScopeItem(
            system=system.system,
            table=name,
            what=Text(fr=_title(system, table, apart, "fr"), en=_title(system, table, apart, "en")),
            because=because,
            records=_holding(records, apart) if apart else len(records),
            columns=tuple(columns),
        )


def _grouped(
    system: System, table: Table, records: Sequence[Record], basis: Because
) -> dict[Because, list[str]]:
    """Columns by what happens to them, included ones first; without any that holds something, none is provided."""
    named = {column for record in records for column in record.to_review}
    groups: dict[Because, list[str]] = {basis: []}
    for column in dict.fromkeys(column for record in records for column in record.data):
        described = column_of(system, table, column)
        if not is_provided(table, column):
            because = Because.NOT_PROVIDED
        elif described.third_party or column in named:
            because = Because.THIRD_PARTIES
        else:
            because = basis
        if because is basis or _holding(records, [column]):
            groups.setdefault(because, []).append(column)
    if not _holding(records, groups[basis]):
        del groups[basis]
    return groups or {Because.NOT_PROVIDED: []}


def _holding(records: Sequence[Record], columns: Sequence[str]) -> int:
    """How many records hold something in one of the columns."""
    return sum(any(record.data.get(column) not in (None, "") for column in columns) for record in records)


def _title(system: System, table: Table, columns: Sequence[str], language: Language) -> str:
    """`Contact record (Website database)`, or the columns in front: `Role, Company (Contact record, …)`."""
    places = [said(table.title, language), said(system.title, language)]
    if columns:
        titles = ", ".join(column_title(table.columns[name], name, language) for name in columns)
        return f"{titles} ({', '.join(places)})"
    return f"{places[0]} ({places[1]})"


def portability_choices(
    found: Searched, scope: Sequence[ScopeItem], *, identified: bool
) -> tuple[Choice, ...]:
    """Return what an officer may decide: as for access, but nothing is sent where nothing is portable.

    Refusing, on the ground that no data fall under Art. 20(1), is among the decisions that every form has.
    """
    choices = review_choices(found, identified=identified)
    return tuple(
        choice for choice in choices if choice is not Choice.SEND_COPY or not nothing_portable(scope)
    )
