"""Establish identity with a one-time code to an address already on file (law.md I6); never by asking for papers (I5).

Looking reads only; asking writes challenge and letter in the step's transaction, once per round.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from models import audit
from models.errors import NeedsHuman
from models.letters import AskIdentity, Doubt, LetterKind
from models.records import Identifier
from models.settings import settings
from models.tables import Case, Challenge, RequestState
from models.tokens import show_code
from tasks.challenges import issue
from tasks.connectors.rows import fold
from tasks.letters.correspondence import portal_link, requester_facts
from tasks.letters.write_letter import write_letter
from tasks.search_systems import contact_points
from tasks.steps import Scene


def locate(address: str) -> dict[str, Any]:
    """Look for `address` among the contact points on file; which systems know it, which could not be asked.

    The result holds no personal data: it is recorded with the step. Without an address nothing is asked.
    """
    if not address.strip():
        return {"known_in": [], "not_asked": {}}
    points, problems = contact_points([Identifier(kind="email", value=address)])
    known = sorted({point.system for point in points if fold(point.value) == fold(address)})
    return {"known_in": known, "not_asked": problems}


def on_file(address: str) -> bool:
    """Whether some system holds `address` as a contact point (I6, S5): only there may a code or a reply go."""
    return bool(address.strip()) and bool(locate(address.strip())["known_in"])


def ask_identity(round_number: int, sent_to: str, why: Doubt) -> Callable[[Scene], dict[str, Any]]:
    """Return the effect that sends a fresh code to `sent_to`, an address on file."""

    def effect(scene: Scene) -> dict[str, Any]:
        key = f"{scene.request.ref}:identity-{round_number}"
        scene.request.state = RequestState.IDENTITY
        issued = issue(scene.session, scene.request, "identity", sent_to, key, scene.now)
        context = AskIdentity(
            **requester_facts(scene.case),
            code=show_code(issued.code),
            link=portal_link("identity", issued.token),
            expires_on=issued.expires_at,
            why=why,
        )
        letter = write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.ASK_IDENTITY,
            context,
            sent_to,
            key,
            scene.now,
            secret=True,
        )
        return {"letter": letter.key, "challenge": key}

    return effect


def code_outcome(session: Session, challenge_key: str, now: datetime) -> str:
    """Return solved, waiting, expired or void for the challenge `challenge_key`."""
    challenge = session.exec(select(Challenge).where(Challenge.key == challenge_key)).one()
    if challenge.solved_at is not None:
        return "solved"
    if challenge.attempts >= settings().code_attempts:
        return "void"
    return "waiting" if challenge.expires_at > now else "expired"


def accept_by_officer(address: str, evidence: str, officer: str) -> Callable[[Scene], None]:
    """Return the effect that records identity as established by an officer, by any means (I4)."""

    def effect(scene: Scene) -> None:
        scene.case.verified_address = address
        scene.case.identity_evidence = f"{officer}: {evidence}"
        audit.record(
            scene.session,
            scene.case,
            officer,
            "identity_established",
            scene.now,
            request=scene.request.right,
            by="officer",
        )

    return effect


def search_identifiers(case: Case) -> list[Identifier]:
    """Return what to search the person by: the proved address alone, once there is one.

    Before, the sender's address serves to find out whether anything is held; nothing found by it is disclosed.
    Never both: whoever proves their own address and forges another sender must not get the other's data. Empty where a
    letter or a call gave no address: then no system can be searched by one.
    """
    address = case.verified_address or case.requester_address
    return [Identifier(kind="email", value=address)] if address else []


def stop_identifiers(case: Case) -> list[Identifier]:
    """Return every address of the case: stopping marketing for one too many harms nobody (law.md I20).

    `NeedsHuman` where there is none: nothing may be called stopped that was never looked for.
    """
    addresses = dict.fromkeys(filter(None, (case.requester_address, case.verified_address)))
    if not addresses:
        raise NeedsHuman("no address of this person is known, so nothing can be stopped: establish who it is")
    return [Identifier(kind="email", value=address) for address in addresses]
