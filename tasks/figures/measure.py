"""Measure the engine for Prometheus: counts and ages read from the database at each scrape. It looks only.

Labels are rights, standings, states and names of flows: never a case, a person or an address.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import select as columns_of
from sqlmodel import Session, col, func, select

from models.alerts import Standing
from models.audit import verify_case
from models.calendar import paris_date
from models.rights import Right
from models.sla import last_months, share
from models.tables import (
    AuditEvent,
    Case,
    Heartbeat,
    Letter,
    LetterState,
    Message,
    MessageState,
    RequestDates,
)
from tasks.clock.heartbeat import CLOCKWORK
from tasks.figures.sla_figures import figures
from tasks.figures.sla_sets import ANSWERED, UNANSWERED, standing_is
from tasks.letters.unsent_letters import unsent
from tasks.mail.handle_mail import waiting_since

CHAINS = 50  # of the cases with the newest events; `dsr doctor` looks at all
FLAGS = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class _Measures(Collector):
    session: Session
    now: datetime

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, as Prometheus's client asks for them."""
        for measure in (_open, _answered, _promises, _pen, _letters, _heartbeats, _audit):
            yield from measure(self.session, self.now)


def exposition(session: Session, now: datetime) -> bytes:
    """Return every metric in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measures(session, now))
    return generate_latest(registry)


def _open(session: Session, now: datetime) -> Iterator[Metric]:
    standings = GaugeMetricFamily(
        "dsr_requests_open", "Unanswered requests by right and standing today.", labels=["right", "standing"]
    )
    today = paris_date(now)
    counts = [func.count().filter(standing_is(each, today)).label(each.value) for each in Standing]
    rows = session.execute(
        columns_of(col(RequestDates.right), *counts).where(UNANSWERED).group_by(col(RequestDates.right))
    )
    found: dict[str, tuple[int, ...]] = {right: tuple(numbers) for right, *numbers in rows}
    for right in Right:
        numbers = found.get(right, (0,) * len(Standing))
        for standing, number in zip(Standing, numbers, strict=True):
            standings.add_metric([right, standing], number)
    late = sum(numbers[list(Standing).index(Standing.OVERDUE)] for numbers in found.values())
    yield standings
    yield GaugeMetricFamily(
        "dsr_requests_overdue", "Unanswered requests past what the law allows.", value=late
    )


def _answered(session: Session, _now: datetime) -> Iterator[Metric]:
    answered = GaugeMetricFamily(  # it falls where a reply comes back
        "dsr_requests_answered",
        "Answered requests by right, and whether within the 30 days and within the law.",
        labels=["right", "in_promise", "in_law"],
    )
    columns = (col(RequestDates.right), col(RequestDates.in_promise), col(RequestDates.in_law))
    for right, promise, law, number in session.exec(
        select(*columns, func.count()).where(ANSWERED).group_by(*columns).order_by(*columns)
    ):
        answered.add_metric([right, FLAGS[bool(promise)], FLAGS[bool(law)]], number)
    yield answered


def _promises(session: Session, now: datetime) -> Iterator[Metric]:
    """The page's own figures of the last twelve months; absent where nothing is decided or answered."""
    today = paris_date(now)
    total = figures(session, last_months(today), today).total
    shares = GaugeMetricFamily(
        "dsr_on_time_ratio", "Share kept of all that is decided, twelve months.", labels=["limit"]
    )
    days = GaugeMetricFamily(
        "dsr_answer_days", "Days from receipt to reply, twelve months.", labels=["quantile"]
    )
    kept = {
        "promise": share(total.promise_kept, total.promise_missed),
        "law": share(total.law_kept, total.law_missed),
    }
    for limit, value in kept.items():
        if value is not None:
            shares.add_metric([limit], value)
    for quantile, taken in (("0.5", total.p50), ("0.9", total.p90)):
        if taken is not None:
            days.add_metric([quantile], taken)
    yield shares
    yield days


def _pen(session: Session, now: datetime) -> Iterator[Metric]:
    penned = select(func.count(), func.min(col(Message.kept_at))).where(
        Message.state == MessageState.PEN, ~col(Message.quiet)
    )
    number, oldest = session.exec(penned).one()
    age = (now - oldest).total_seconds() if oldest else 0
    kept, first = waiting_since(session)
    waits = (now - first).total_seconds() if first else 0
    yield GaugeMetricFamily("dsr_kept_messages", "Messages kept and not yet understood.", value=kept)
    yield GaugeMetricFamily(
        "dsr_kept_oldest_age_seconds", "Age of the oldest of them; 0 when all are.", value=waits
    )
    quiet = select(func.count()).where(Message.state == MessageState.PEN, col(Message.quiet))
    yield GaugeMetricFamily(
        "dsr_pen_messages", "Messages in the holding pen to decide on today.", value=number
    )
    yield GaugeMetricFamily(
        "dsr_pen_quiet_messages",
        "Messages in the holding pen that were read as no request.",
        value=session.exec(quiet).one(),
    )
    yield GaugeMetricFamily(
        "dsr_pen_oldest_age_seconds", "Age of the oldest of them; 0 when empty.", value=age
    )


def _letters(session: Session, now: datetime) -> Iterator[Metric]:
    letters = GaugeMetricFamily("dsr_letters", "Letters by state.", labels=["state"])
    known = dict(session.exec(select(Letter.state, func.count()).group_by(col(Letter.state))).all())
    for state in LetterState:
        letters.add_metric([state], known.get(state, 0))
    came_back = session.exec(select(func.count()).where(col(Letter.bounced_at).is_not(None))).one()
    late = len(unsent(session, now))
    yield letters
    yield GaugeMetricFamily("dsr_letters_bounced", "Letters that came back.", value=came_back)
    yield GaugeMetricFamily("dsr_letters_late", "Letters that should have left and did not.", value=late)


def _heartbeats(session: Session, now: datetime) -> Iterator[Metric]:
    ages = GaugeMetricFamily(
        "dsr_heartbeat_age_seconds", "Since a clockwork flow last ran to its end.", labels=["flow"]
    )
    intervals = GaugeMetricFamily(
        "dsr_heartbeat_interval_seconds", "How often it should; silent after twice that.", labels=["flow"]
    )
    for row in session.exec(select(Heartbeat).order_by(col(Heartbeat.flow))):
        if row.flow in CLOCKWORK:
            ages.add_metric([row.flow], (now - row.ended_at).total_seconds())
            intervals.add_metric([row.flow], CLOCKWORK[row.flow])
    yield ages
    yield intervals


def _audit(session: Session, _now: datetime) -> Iterator[Metric]:
    newest = (
        select(col(AuditEvent.case_id))
        .group_by(col(AuditEvent.case_id))
        .order_by(func.max(col(AuditEvent.id)).desc())
        .limit(CHAINS)
    )
    cases = session.exec(select(Case).where(col(Case.id).in_(newest))).all()
    broken = sum(verify_case(session, case) is not None for case in cases)
    yield GaugeMetricFamily(
        "dsr_audit_broken_chains", f"Broken audit chains among the {CHAINS} newest cases.", value=broken
    )
