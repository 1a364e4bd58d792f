"""Answer a request for access: build the bundle and offer it, or say that nothing is held; then close.

Each effect writes its letter in the step's transaction. A bundle is built before, and stored under its own digest, so
building it again after a crash gives the same bytes under the same name.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from models.bundle import BundleSubject, Withheld
from models.calendar import Language, paris_date
from models.database import reading
from models.information import Disclosed
from models.letters import AccessReply, LetterKind, NothingHeld, SystemCopied
from models.letters import Withheld as WithheldInLetter
from models.map_in_words import place_in_words, said
from models.records import Finding
from models.replies import letter_language
from models.request_dates import renew
from models.rights import Right
from models.tables import Case, Decision, FindingRow, Letter, LetterState, Receipt, Request, RequestState
from tasks.clock.pauses import resume
from tasks.exports.build_bundle import build_bundle
from tasks.exports.downloads import offer
from tasks.identify import search_identifiers
from tasks.keeping.disclosures import disclosures_for
from tasks.letters.correspondence import portal_link, requester_facts
from tasks.letters.end_otherwise import write_reply
from tasks.search_systems import data_map, finding_rows, load_findings
from tasks.steps import Effect, Scene


def bundle_of(case: Case, findings: list[Finding], decision: Decision, language: Language) -> bytes:
    """Return the export bundle; `NeedsHuman` where it would not be complete (law.md F9).

    The disclosure log counts as it stood when the officer decided: what is noted later does not change a bundle that is
    built again.
    """
    subject = subject_of(case, findings, language, _withheld(decision))
    return build_bundle(subject, data_map(), findings, _disclosed(case, decision))


def subject_of(
    case: Case, findings: Sequence[Finding], language: Language, withheld: Iterable[Withheld] = ()
) -> BundleSubject:
    """Return whose export it is, and of which moment."""
    return BundleSubject(
        case_ref=case.ref,
        name=case.requester_name,
        identifiers=tuple(search_identifiers(case)),
        language=language,
        received_on=paris_date(case.received_at),
        state_of_data_at=max(finding.searched_at for finding in findings),
        withheld=tuple(withheld),
    )


def _disclosed(case: Case, decision: Decision) -> list[Disclosed]:
    with reading() as session:
        rows = disclosures_for(session, search_identifiers(case))
    return [
        Disclosed(recipient=row.recipient, on=row.disclosed_on, what=row.what)
        for row in rows
        if row.recorded_at <= decision.decided_at
    ]


def _withheld(decision: Decision) -> list[Withheld]:
    parts = [str(column).partition(".") for column in decision.answers.get("withhold", [])]
    return [Withheld(system=system, what=what, reason=decision.reason) for system, _, what in parts]


def send_copy(
    bundle: bytes, findings: list[Finding], decision: Decision, language: Language
) -> Callable[[Scene], dict[str, Any]]:
    """Return the effect that offers the bundle and queues the reply with its link."""

    def effect(scene: Scene) -> dict[str, Any]:
        mapped = data_map()
        offered = offer(scene.session, scene.request, bundle, scene.now)
        context = AccessReply(
            **requester_facts(scene.case),
            decided_on=paris_date(decision.decided_at),
            link=portal_link("download", offered.token),
            link_expires_on=offered.expires_at,
            state_of_data_on=paris_date(max(finding.searched_at for finding in findings)),
            systems=tuple(
                SystemCopied(
                    title=said(mapped.systems[finding.system].title, language),
                    records=len(finding.records),
                    documents=len(finding.documents),
                )
                for finding in findings
            ),
            withheld=tuple(
                WithheldInLetter(
                    what=place_in_words(mapped, kept.system, kept.what, language), reason=kept.reason
                )
                for kept in _withheld(decision)
            ),
        )
        for finding in findings:
            scene.session.add(
                Receipt(
                    request_id=scene.request.id,
                    kind="exported",
                    system=finding.system,
                    detail={"records": len(finding.records), "documents": len(finding.documents)},
                    at=scene.now,
                )
            )
        return write_reply(scene, LetterKind.ACCESS_REPLY, context, "answered")

    return effect


def send_nothing_held(findings: list[Finding], language: Language) -> Callable[[Scene], dict[str, Any]]:
    """Return the effect that queues 'we hold nothing', which is an answer too (law.md D15)."""

    def effect(scene: Scene) -> dict[str, Any]:
        systems = data_map().systems
        context = NothingHeld(
            **requester_facts(scene.case),
            searched=tuple(getattr(systems[finding.system].title, language) for finding in findings),
            state_of_data_on=paris_date(max(finding.searched_at for finding in findings)),
            address=", ".join(identifier.value for identifier in search_identifiers(scene.case)),
        )
        return write_reply(scene, LetterKind.NOTHING_HELD, context, "nothing_held")

    return effect


def nothing_found(request: Request) -> Effect:
    """Return the effect that queues 'we hold nothing', from the newest round of discovery."""
    with reading() as session:
        newest = select(func.max(FindingRow.round)).where(FindingRow.request_id == request.id)
        rows = finding_rows(session, request, session.exec(newest).one() or 0)
        case = session.get_one(Case, request.case_id)
    return send_nothing_held(load_findings(rows), letter_language(case.language))


def close_request(reply_key: str) -> Callable[[Scene], dict[str, Any]]:
    """Return the effect that closes the request, and the case with its last one."""

    def effect(scene: Scene) -> dict[str, Any]:
        letter = scene.session.exec(select(Letter).where(Letter.key == reply_key)).one()
        dropped = letter.state == LetterState.DROPPED  # the officer's word ends it
        return _close(scene, scene.now if dropped else letter.sent_at)

    return effect


def _close(scene: Scene, sent_at: datetime | None) -> dict[str, Any]:
    scene.request.replied_at = scene.request.replied_at or sent_at
    scene.request.closed_at, scene.request.state = scene.now, RequestState.CLOSED
    scene.audit("request_closed", outcome=scene.request.outcome)
    if scene.request.right == Right.ACCESS:
        resume(scene.session, scene.case, "scope", scene.now, scene.now)
    still_open = select(Request.id).where(
        Request.case_id == scene.case.id, col(Request.closed_at).is_(None), Request.id != scene.request.id
    )
    if scene.session.exec(still_open).first() is None:
        scene.case.closed_at = scene.now
        resume(scene.session, scene.case, "identity", scene.now, scene.now)
        scene.audit("case_closed")
    renew(scene.session, scene.case, scene.now)
    return {"closed": True}
