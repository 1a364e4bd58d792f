"""Tell every recipient of a person's data that they were rectified, erased or restricted (GDPR 19; law.md R5).

Repeating is safe: a recipient is written to, or noted as not told, once a request, and once more when a restriction
ends. Processors of the data map need no
letter: their systems were changed directly.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import select

from models.controller import Text
from models.letters import LetterKind, one_line
from models.records import Identifier
from models.replies import RecipientNotice
from models.rights import Right
from models.storage import sha256
from models.tables import Disclosure, Notification
from tasks.keeping.disclosures import disclosures_for, is_about
from tasks.letters.correspondence import controller
from tasks.letters.write_letter import write_letter
from tasks.steps import Effect, Scene

NO_ADDRESS = Text(
    fr="nous n’avons pas d’adresse électronique pour ce destinataire ; nous le prévenons par un autre moyen",
    en="we have no e-mail address of this recipient; we tell them by other means",
)


def notify_recipients(right: Right, identifiers: Sequence[Identifier], changes: tuple[str, ...]) -> Effect:
    """Return the effect that tells each recipient the data were disclosed to; `changes`: what was done, in words.

    Its result: `letters`, the keys of the letters to send, and `told`, the parts of `models.replies.Told`.
    """

    def effect(scene: Scene) -> dict[str, Any]:
        rows = _by_recipient(scene, identifiers)
        notes = [_notified(scene, right, rows[name], identifiers, changes) for name in sorted(rows)]
        if notes:
            told = sum(not note.not_told_because for note in notes)
            scene.audit("recipients_told", told=told, not_told=len(notes) - told)
        return {
            "letters": [note.letter_key for note in notes if note.letter_key],
            "told": [_told(note) for note in notes],
        }

    return effect


def tell_lifted(identifiers: Sequence[Identifier]) -> Effect:
    """Return the effect that tells each recipient who was asked to restrict that the restriction has ended."""

    def effect(scene: Scene) -> dict[str, Any]:
        asked = scene.session.exec(
            select(Notification.recipient).where(
                Notification.request_id == scene.request.id, Notification.letter_key != ""
            )
        ).all()
        letters = []
        for rows in _by_recipient(scene, identifiers).values():
            address = _address(rows)
            if address and rows[0].recipient in asked:
                context = _context(scene, Right.RESTRICTION, rows, identifiers, ())
                letters.append(_written(scene, context.model_copy(update={"lifted": True}), address))
        if letters:
            scene.audit("recipients_told_of_lifting", told=len(letters))
        return {"letters": letters}

    return effect


def _by_recipient(scene: Scene, identifiers: Sequence[Identifier]) -> dict[str, list[Disclosure]]:
    """What was disclosed to each recipient, latest first."""
    rows: dict[str, list[Disclosure]] = {}
    for row in disclosures_for(scene.session, identifiers):
        rows.setdefault(row.recipient.casefold(), []).append(row)
    return rows


def _address(rows: Sequence[Disclosure]) -> str:
    return next((row.address for row in rows if row.address), "")


def _notified(
    scene: Scene,
    right: Right,
    rows: Sequence[Disclosure],
    identifiers: Sequence[Identifier],
    changes: tuple[str, ...],
) -> Notification:
    """The note about one recipient; `rows` are its disclosures, latest first."""
    recipient = rows[0].recipient
    known = scene.session.exec(
        select(Notification).where(
            Notification.request_id == scene.request.id, Notification.recipient == recipient
        )
    ).first()
    if known is not None:
        return known
    address = _address(rows)
    note = Notification(request_id=scene.request.id, recipient=recipient, at=scene.now)
    if address:
        context = _context(scene, right, rows, identifiers, changes)
        note.letter_key = _written(scene, context, address)
    else:
        note.not_told_because = NO_ADDRESS.fr if scene.case.language == "fr" else NO_ADDRESS.en
    scene.session.add(note)
    scene.session.flush()
    return note


def _context(
    scene: Scene,
    right: Right,
    rows: Sequence[Disclosure],
    identifiers: Sequence[Identifier],
    changes: tuple[str, ...],
) -> RecipientNotice:
    """What a recipient must know; only identifiers under which it was given data are named to it."""
    about = tuple(dict.fromkeys(one.value for one in identifiers if any(is_about(row, one) for row in rows)))
    return RecipientNotice(
        ref=scene.case.ref,
        right=right,
        recipient=rows[0].recipient,
        person=one_line(scene.case.requester_name) or about[0],
        about=about,
        disclosed_on=rows[0].disclosed_on,
        what="; ".join(dict.fromkeys(row.what for row in rows)),
        changes=changes,
        privacy_address=controller().privacy_contact.email,
    )


def _written(scene: Scene, context: RecipientNotice, address: str) -> str:
    mark = sha256(context.recipient.casefold().encode())[:12]
    letter = write_letter(
        scene.session,
        scene.case,
        scene.request,
        LetterKind.RECIPIENT_NOTICE,
        context,
        address,
        f"{scene.request.ref}:recipient-{mark}{'-lifted' if context.lifted else ''}",
        scene.now,
    )
    return letter.key


def _told(note: Notification) -> Mapping[str, Any]:
    return {
        "recipient": note.recipient,
        "told": not note.not_told_because,
        "why_not": note.not_told_because,
    }
