"""Who received a person's data, by name: the data map says in which role, the disclosure log when and what (law.md R1.4, P4).

Pure: the same data sets and log give the same answer, in whatever order the log comes.
"""

import unicodedata
from collections.abc import Collection, Iterator, Sequence

from models.calendar import Language
from models.controller import Controller
from models.information import DataSet, Disclosed, MadeTransfer, NamedRecipient
from models.map_in_words import said


def named_recipients(
    controller: Controller, sets: Sequence[DataSet], log: Collection[Disclosed], language: Language
) -> Iterator[NamedRecipient]:
    """Each recipient once: those of the systems where something was found, then the others of the log, latest first."""
    noted: dict[str, list[Disclosed]] = {}
    for one in sorted(set(log), key=lambda one: (one.on, one.what, one.recipient), reverse=True):
        noted.setdefault(_spelling(one.recipient), []).append(one)
    for key in _reached(controller, sets, log):
        handed_over = noted.pop(_spelling(controller.recipients[key].name), [])
        yield _of_the_map(controller, key, sets, handed_over, language)
    for handed_over in noted.values():
        yield NamedRecipient(
            name=handed_over[0].recipient,
            role="",
            country="unknown",
            categories=(),
            systems=(),
            handed_over=tuple(handed_over),
        )


def made_transfers(
    controller: Controller, sets: Sequence[DataSet], log: Collection[Disclosed], language: Language
) -> Iterator[MadeTransfer]:
    """Only transfers to recipients of this person's data (R1.10: those that actually happen)."""
    reached = _reached(controller, sets, log)
    for transfer in controller.transfers.items:
        if transfer.to in reached:
            recipient = controller.recipients[transfer.to]
            yield MadeTransfer(
                name=recipient.name, country=recipient.country, safeguard=said(transfer.safeguard, language)
            )


def _reached(controller: Controller, sets: Sequence[DataSet], log: Collection[Disclosed]) -> tuple[str, ...]:
    """Keys of the map's recipients who have data of this person, through a system or by the log."""
    logged = {_spelling(one.recipient) for one in log}
    by_log = (key for key, one in controller.recipients.items() if _spelling(one.name) in logged)
    return tuple(dict.fromkeys([*(key for held in sets for key in held.recipients), *by_log]))


def _of_the_map(
    controller: Controller,
    key: str,
    sets: Sequence[DataSet],
    handed_over: Sequence[Disclosed],
    language: Language,
) -> NamedRecipient:
    """A recipient of the map, with the categories it can have of this person through our systems."""
    recipient = controller.recipients[key]
    shared = [held for held in sets if key in held.recipients]
    return NamedRecipient(
        name=recipient.name,
        role=said(recipient.role, language),
        country=recipient.country,
        categories=tuple(
            said(controller.categories[category], language)
            for category in recipient.categories
            if any(category in held.categories for held in shared)
        ),
        systems=tuple(dict.fromkeys(held.system_title for held in shared)),
        handed_over=tuple(handed_over),
    )


def _spelling(name: str) -> str:
    """One spelling of a name, to recognise it by: the log is typed by hand."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
