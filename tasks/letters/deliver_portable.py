"""Answer a request for portability: build the export and offer it, with the scope in the reply (law.md R6).

The effect writes its letter in the step's transaction. The export is built before, and stored under its own digest, so
building it again after a crash gives the same bytes under the same name.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from models.calendar import Language, paris_date
from models.letters import LetterKind
from models.portability import ScopeItem, portable_scope, scope_for_letter
from models.records import Finding
from models.replies import PortabilityReply
from models.tables import Case, Decision, FindingRow, Receipt
from tasks.exports.build_portable import build_portable
from tasks.exports.downloads import offer
from tasks.letters.correspondence import portal_link, requester_facts
from tasks.letters.deliver import subject_of
from tasks.letters.end_otherwise import write_reply
from tasks.search_systems import data_map, load_findings
from tasks.steps import Effect, Scene


def scope_of(rows: Sequence[FindingRow]) -> tuple[ScopeItem, ...]:
    """Return what portability covers of a round's findings, and what not, under the data map as it is now."""
    return portable_scope(data_map(), load_findings(rows))


def portable_of(case: Case, findings: Sequence[Finding], language: Language) -> bytes:
    """Return the export; `NeedsHuman` where it would not be complete (law.md F3)."""
    return build_portable(subject_of(case, findings, language), data_map(), findings)


def send_portable(
    export: bytes, findings: Sequence[Finding], decision: Decision, language: Language
) -> Effect:
    """Return the effect that offers the export and queues the reply with its link and scope."""
    scope = portable_scope(data_map(), findings)

    def effect(scene: Scene) -> dict[str, Any]:
        offered = offer(scene.session, scene.request, export, scene.now)
        context = PortabilityReply(
            **requester_facts(scene.case),
            decided_on=paris_date(decision.decided_at),
            link=portal_link("download", offered.token),
            link_expires_on=offered.expires_at,
            state_of_data_on=paris_date(max(finding.searched_at for finding in findings)),
            scope=scope_for_letter(scope, language),
        )
        _keep_receipts(scene, findings, scope)
        return write_reply(scene, LetterKind.PORTABILITY_REPLY, context, "answered")

    return effect


def _keep_receipts(scene: Scene, findings: Sequence[Finding], scope: Sequence[ScopeItem]) -> None:
    """One receipt for each system searched: how many records were handed over, none where nothing is portable."""
    ported = Counter[str]()
    for item in scope:
        ported[item.system] += item.records if item.included else 0
    for finding in findings:
        scene.session.add(
            Receipt(
                request_id=scene.request.id,
                kind="ported",
                system=finding.system,
                detail={"records": ported[finding.system]},
                at=scene.now,
            )
        )
