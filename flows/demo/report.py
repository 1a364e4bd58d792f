"""Tell what the demo did, request by request: what changed where, what stays until when, how it was verified."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.demo.evidence import Proof
from models.choice_words import WORDS
from models.map_in_words import said
from models.questions import Choice
from models.rights import Right
from models.tables import Receipt
from tasks.letters.reply_erasure import records, table_of_record
from tasks.search_systems import data_map

Line = tuple[str, str]
"""Where, and what."""
DONE = {
    "rectified": "corrected",
    "stopped": "marketing stopped",
    "restricted": "stored only from now on",
    "erased": "deleted",
    "minimised": "blanked, kept",
    "kept": "kept",
}
STAYS = ("minimised", "kept")
BY_HAND = {
    "stop": "marketing stopped, by hand",
    "restrict": "stored only from now on, by hand",
    "rectify": "corrected, by hand",
    "erase": "carried out by hand as approved",
}
LETTERS = {"manual_task", "decision_waiting"}  # to colleagues and officers


def tell(console: Console, proofs: list[Proof]) -> None:
    """Print every request of every case."""
    for proof in proofs:
        console.print()
        console.print(_head(proof), soft_wrap=True)
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=24, no_wrap=True, style="cyan")
        table.add_column(overflow="fold")
        before = ""
        for where, what in _lines(proof):
            table.add_row(f"  {where if where != before else ''}", Text(what))
            before = where
        console.print(table)


def _head(proof: Proof) -> Text:
    case = proof.case
    [request] = [one for one in case.requests if one.ref == proof.ref]
    assert request.closed_at is not None, "it was checked"
    seconds = (request.closed_at - case.received_at).total_seconds()
    article = f"GDPR {Right(proof.right).article}"
    return Text.assemble(
        (f"{case.ref} · {proof.right.replace('_', ' ')}", "bold"),
        f" ({article}) · {case.requester_name} · {request.outcome} in {seconds:.0f} s, due {case.dates.binding}",
    )


def _lines(proof: Proof) -> Iterator[Line]:
    yield from _decided(proof)
    yield from _handed_over(proof)
    yield from _changed(proof)
    yield from _by_hand(proof)
    for entry in proof.listed:
        scope = "nobody may write to it" if entry.scope == "marketing" else "no backup may bring it back"
        yield "Suppression list", f"a digest of the address: {scope}, until {entry.review_on}"
    if proof.restriction is not None:
        yield (
            "Restriction",
            f"GDPR 18(1), case “{proof.restriction.ground}”; looked at again on {proof.restriction.review_on}",
        )
    for sentence in proof.seen:
        yield "✓ verified", sentence
    if proof.ref == proof.case.requests[-1].ref:
        yield "Letters", _letters(proof)


def _title(system: str) -> str:
    return said(data_map().systems[system].title, "en")


def _handed_over(proof: Proof) -> Iterator[Line]:
    """What was copied out of each system."""
    searched = {task.system for task in proof.tasks if task.action == "search"}
    for receipt in proof.receipts_of("exported", "ported"):
        number = receipt.detail["records"]
        access = receipt.kind == "exported"
        held = f"{'copied' if access else 'handed over'}: {number} record{'s'[: number != 1]}"
        what = held if number else "nothing held" if access else "nothing portable"
        by_hand = ", searched by hand" if receipt.system in searched else ""
        yield _title(receipt.system), what + by_hand


def _changed(proof: Proof) -> Iterator[Line]:
    """What became of each kind of record in each system, and why what stays has to."""
    receipts = proof.receipts_of(*DONE)
    for system in dict.fromkeys(receipt.system for receipt in receipts):
        for kind, verb in DONE.items():
            counted = Counter(_facts(one) for one in receipts if (one.system, one.kind) == (system, kind))
            for until in dict.fromkeys(until for _, _, until in counted):
                what = [
                    records(number, system, table, "en") + columns
                    for (table, columns, day), number in counted.items()
                    if day == until
                ]
                yield _title(system), f"{verb}{until}: {'; '.join(what)}"
    if reasons := [_basis(receipt) for receipt in receipts if receipt.kind in STAYS]:
        yield "Why it stays", max(reasons, key=len)


def _facts(receipt: Receipt) -> tuple[str, str, str]:
    """Table, columns in words, until when in words."""
    columns = ", ".join(receipt.detail.get("columns", ()))
    verb = " without " if receipt.kind in STAYS else ", set: "
    until = receipt.detail.get("until")
    return table_of_record(receipt), columns and verb + columns, f" until {until}" if until else ""


def _basis(receipt: Receipt) -> str:
    basis = receipt.detail["basis"]
    return str(basis["en"]) if basis else ""


def _by_hand(proof: Proof) -> Iterator[Line]:
    for task in proof.tasks:
        if task.action != "search":
            yield _title(task.system), f"{BY_HAND[task.action]}: “{task.note}”"


def _decided(proof: Proof) -> Iterator[Line]:
    """Who approved what: the hash is that of the text the officer was shown."""
    [request] = [one for one in proof.case.requests if one.ref == proof.ref]
    for decision in request.decisions:
        if decision.accepted:
            words = WORDS[Choice(decision.choice)].en
            yield (
                "Officer",
                f"{decision.officer}: {words} (shown: {decision.content_hash[:12]}) “{decision.reason}”",
            )


def _letters(proof: Proof) -> str:
    """The letters to the person, in order; how many went to colleagues and officers."""
    letters = proof.case.letters
    hers = [letter.kind.replace("_", " ") for letter in letters if letter.recipient == proof.address]
    ours = sum(letter.kind in LETTERS for letter in letters)
    return f"{', '.join(hers)}; and {ours} to colleagues and officer"
