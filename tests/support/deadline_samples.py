"""A sample of the digest of deadlines, for golden files and pictures; dates of December 2026."""

from datetime import date
from typing import Any

from models.alerts import Limit
from models.deadline_alert import Block, Blocker, DeadlineAlert, DueRequest
from models.rights import Right

DESK = "https://dsr.nexoris.example/desk"
RUN = "https://prefect.nexoris.example/v2/runs/flow-run/6f0f3c1e"


def due_request(ref: str, right: Right, days: int, *by: Block, **more: Any) -> DueRequest:
    """A request as the digest tells of it on Monday 21 December 2026."""
    facts: dict[str, Any] = {
        "limit": Limit.REPLY,
        "due": date.fromordinal(date(2026, 12, 21).toordinal() + days),
        "extend_until": None,
        "extension_breaks_promise": False,
        "refuse_until": date(2026, 12, 24),
        "partial": False,
        "case_link": f"{DESK}/cases/{ref}",
        "run_link": RUN,
    }
    return DueRequest(ref=ref, right=right, days=days, blocks=by, **(facts | more))


def deadline_alert(ref: str, system: str) -> DeadlineAlert:
    """Late, due today and near; blocked by one of each kind; and more than can be named."""
    late = due_request(
        "DSR-2026-0031",
        Right.ERASURE,
        -2,
        Block(by=Blocker.RETURNED),
        refuse_until=None,
        run_link=None,
        broken="promise",
        lawful_until=date(2026, 12, 21),
    )
    today = due_request(
        ref,
        Right.ACCESS,
        0,
        Block(by=Blocker.OFFICER),
        Block(by=Blocker.SYSTEM, systems=(system,)),
        partial=True,
        extend_until=date(2026, 12, 21),
    )
    near = due_request(
        "DSR-2026-0044",
        Right.PORTABILITY,
        3,
        Block(by=Blocker.COLLEAGUE, systems=(system,)),
        limit=Limit.EXTENSION_NOTICE,
        extend_until=date(2026, 12, 24),
    )
    return DeadlineAlert(
        escalated=False,
        requests=(late, today, near),
        more_late=0,
        more_today=2,
        more_ahead=247,
        link=DESK,
    )
