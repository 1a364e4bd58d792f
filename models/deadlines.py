"""The two clocks of a case, computed from what happened to it: Nexoris's 30 days and the law's month (law.md section 1).

Pure: facts in, dates out. Nothing here is stored as truth; the same history, day and holiday list always give the same
dates (law.md 1.3). The sentences that explain the dates to an officer are in `models/deadline_explanation.py`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from models.calendar import (
    CALENDAR_VERSION,
    FIRST_YEAR,
    LAST_YEAR,
    add_working_days,
    end_of_day,
    paris_date,
    working_day_from,
    working_day_until,
)
from models.errors import Rejected

RULE_VERSION = "2026-11-23"
COMMITMENT = timedelta(days=30)  # "we commit to respond within 30 days" (privacy policy, D26)
ONE_MONTH = relativedelta(months=1)  # "within one month of receipt of the request" (GDPR 12(3))
TWO_MONTHS = relativedelta(months=2)  # "may be extended by two further months" (GDPR 12(3))
THREE_MONTHS = relativedelta(months=3)  # both at once, so that the month's end is cut only once (D13)
QUERY_WORKING_DAYS = 5  # "without undue delay" in numbers (D16, 1.3)

Scope = Literal["identity", "scope"]
PauseOutcome = Literal["counted", "no_reason", "too_late", "period_over"]
Notice = Literal["told", "waiting", "lost"]
ExtensionOutcome = Literal[
    "none", "in_force", "in_force_promise_broken", "no_reason", "too_late", "not_told", "undelivered"
]


@dataclass(frozen=True, slots=True)
class Pause:
    """A question to the requester that may stop the month: identity (D16) or scope under Recital 63 (D17).

    `asked` and `answered` are days in Paris; None = no sufficient answer yet. `doubt_reason` is what made the question
    necessary (I2), `override_reason` why a person lets a late question count.
    """

    kind: Scope
    asked: date
    answered: date | None
    doubt_reason: str
    override_reason: str = ""

    def __post_init__(self) -> None:
        if self.answered is not None and self.answered < self.asked:
            raise Rejected("A pause ends before it begins: correct its dates.")
        if (self.answered or self.asked).year > LAST_YEAR:
            raise Rejected(f"A pause ends by {LAST_YEAR}: correct its dates.")


@dataclass(frozen=True, slots=True)
class Extension:
    """Two further months for complexity or number (D11). `notice_sent_on`: the day in Paris the requester was told.

    None while nobody told them: the notice waits to leave, or is `lost`: it could not leave, or came back.
    """

    reason: str
    notice_sent_on: date | None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """All that can move a date. `received`: the aware instant a request reached an official channel (D2)."""

    received: datetime
    pauses: tuple[Pause, ...] = ()
    extension: Extension | None = None

    def __post_init__(self) -> None:
        received_on = paris_date(self.received)
        if not FIRST_YEAR <= received_on.year < LAST_YEAR:
            raise Rejected(f"A receipt lies in the years {FIRST_YEAR} to {LAST_YEAR - 1}: correct the date.")
        if any(pause.asked < received_on for pause in self.pauses):
            raise Rejected("A pause cannot begin before the request arrived: correct its dates.")


@dataclass(frozen=True, slots=True)
class ClockFact:
    """One event of a case's clock. `reason`: the doubt of a pause or the ground of an extension.

    An extension that was told happened when it was told; `notice` says what became of the letter.
    """

    kind: Literal["received", "paused", "resumed", "extended"]
    at: datetime
    scope: Scope = "identity"
    reason: str = ""
    override: str = ""
    notice: Notice = "told"

    def __post_init__(self) -> None:
        paris_date(self.at)  # refuses an instant without a zone


@dataclass(frozen=True, slots=True)
class PauseVerdict:
    """What became of one pause. `days`: calendar days it adds to the month, without those another pause already added.

    `overridden`: late, and counted all the same because a person decided so.
    """

    pause: Pause
    outcome: PauseOutcome
    days: int = 0
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Every date of a case: days in Paris, the last day included. The comments name each date's rule."""

    rule_version: str
    calendar_version: str
    extra_holidays: frozenset[date]
    query_working_days: int

    received_on: date  # D10: day 0
    commitment: date  # D26: never rolled, never paused
    commitment_target: date  # D26: the working day to aim at
    month_ends: date  # D4, D5: as if nothing had stopped the clock, not rolled
    statutory_due_without_pause: date  # D6 on month_ends: the stricter date, should a pause be contested
    pauses: tuple[PauseVerdict, ...]
    paused_days: int  # D19
    statutory_nominal: date  # D19: month_ends + paused_days, not rolled
    statutory_due: date  # D6
    extended_nominal: date  # D13: three months from receipt, computed once, + paused_days
    extended_due: date  # D13, rolled
    extended_cautious: date  # D13: month_ends + two months + paused_days, not rolled; the date to promise
    extension: ExtensionOutcome
    binding: date  # D27: the earlier of commitment and statutory_due, extension or not (D29)
    safe_send_by: date  # D27: last working day not after commitment and statutory_nominal

    @property
    def statutory_window_ends(self) -> datetime:
        """Exclusive end of `statutory_due`, UTC (D10)."""
        return end_of_day(self.statutory_due)

    @property
    def extended(self) -> bool:
        """Whether the two further months are in force."""
        return self.extension in {"in_force", "in_force_promise_broken"}

    @property
    def statutory_in_force(self) -> date:
        """The last lawful day to answer: `extended_due` while an extension is in force, else `statutory_due`."""
        return self.extended_due if self.extended else self.statutory_due

    @property
    def extension_notice_promised_by(self) -> date:
        """Until when an extension keeps the published promise: the engine's own limit (D29)."""
        return self.binding

    @property
    def extension_notice_legal_latest(self) -> date:
        """Until when the law allows to tell of an extension (D11); later ones are refused (D12)."""
        return self.statutory_due

    @property
    def refusal_notice_latest(self) -> date:
        """Until when a refusal must be told: an extension does not move it (D14)."""
        return self.statutory_due


def deadlines(
    clock: Clock,
    *,
    today: date | None = None,
    extra_holidays: Collection[date] = frozenset(),
    query_working_days: int = QUERY_WORKING_DAYS,
) -> Deadlines:
    """Every date of a case.

    `today` (Paris) is needed while a pause is open: its days count up to today. `extra_holidays`: holidays newer than
    the package. `query_working_days`: a question sent later than this many working days after receipt is recorded and
    ignored, unless overridden (1.3). `Rejected` when a pause that counts is open and `today` is missing.
    """
    extra = frozenset(extra_holidays)
    received_on = paris_date(clock.received)
    commitment, month_ends = received_on + COMMITMENT, received_on + ONE_MONTH
    first_late_day = add_working_days(received_on, query_working_days + 1, extra)
    pauses = _judged(clock.pauses, month_ends, first_late_day, today, extra)
    paused = timedelta(days=sum(verdict.days for verdict in pauses))
    nominal, extended_nominal = month_ends + paused, received_on + THREE_MONTHS + paused
    due = working_day_from(nominal, extra)
    binding = min(commitment, due)
    return Deadlines(
        rule_version=RULE_VERSION,
        calendar_version=CALENDAR_VERSION,
        extra_holidays=extra,
        query_working_days=query_working_days,
        received_on=received_on,
        commitment=commitment,
        commitment_target=working_day_until(commitment, extra),
        month_ends=month_ends,
        statutory_due_without_pause=working_day_from(month_ends, extra),
        pauses=pauses,
        paused_days=paused.days,
        statutory_nominal=nominal,
        statutory_due=due,
        extended_nominal=extended_nominal,
        extended_due=working_day_from(extended_nominal, extra),
        extended_cautious=month_ends + TWO_MONTHS + paused,
        extension=_judged_extension(clock.extension, binding, due),
        binding=binding,
        safe_send_by=working_day_until(min(commitment, nominal), extra),
    )


def _judged(
    pauses: Iterable[Pause],
    month_ends: date,
    first_late_day: date,
    today: date | None,
    extra: frozenset[date],
) -> tuple[PauseVerdict, ...]:
    """Which pauses count, in the order they were asked, and the days each adds: no day counts twice (D19).

    A pause lasts from the day of the question up to, not including, the day of the answer (vectors SV1, SV2). A further
    question of the same kind, asked no later than the day of an insufficient answer, is never late (D16).
    """
    verdicts: list[PauseVerdict] = []
    stopped_until: dict[Scope, date] = {}
    added = timedelta()
    for pause in sorted(pauses, key=lambda pause: pause.asked):
        late = pause.asked >= first_late_day and pause.asked > stopped_until.get(pause.kind, date.min)
        if not pause.doubt_reason.strip():
            verdicts.append(PauseVerdict(pause, "no_reason"))
        elif pause.asked > working_day_from(month_ends + added, extra):
            verdicts.append(PauseVerdict(pause, "period_over"))
        elif late and not pause.override_reason.strip():
            verdicts.append(PauseVerdict(pause, "too_late"))
        else:
            end = pause.answered or today
            if end is None:
                raise Rejected("A pause is still open: say which day is today.")
            days = max(end - max((pause.asked, *stopped_until.values())), timedelta())
            stopped_until[pause.kind] = max(end, stopped_until.get(pause.kind, end))
            added += days
            verdicts.append(PauseVerdict(pause, "counted", days.days, overridden=late))
    return tuple(verdicts)


def _judged_extension(extension: Extension | None, binding: date, due: date) -> ExtensionOutcome:
    """Whether an extension holds (D11, D12), and whether its notice still kept the published promise (D29)."""
    if extension is None:
        return "none"
    if not extension.reason.strip():
        return "no_reason"
    if extension.notice_sent_on is None:
        return "undelivered" if extension.lost else "not_told"
    if extension.notice_sent_on > due:
        return "too_late"
    return "in_force" if extension.notice_sent_on <= binding else "in_force_promise_broken"


def clock_from_events(events: Iterable[ClockFact]) -> Clock:
    """The clock of a case from its stored events, in any order.

    The first receipt counts: a reminder starts nothing anew (D21). A resumption ends every open pause of its scope and
    changes nothing where none is open. Only the first extension counts (D11). `Rejected` when nothing was received.
    """
    received: datetime | None = None
    extension: Extension | None = None
    unanswered: list[ClockFact] = []
    pauses: list[Pause] = []
    for fact in sorted(events, key=lambda fact: fact.at):
        if fact.kind == "received":
            received = received or fact.at
        elif fact.kind == "paused":
            unanswered.append(fact)
        elif fact.kind == "resumed":
            pauses += [
                _pause(asked, paris_date(fact.at)) for asked in unanswered if asked.scope == fact.scope
            ]
            unanswered = [asked for asked in unanswered if asked.scope != fact.scope]
        else:
            told_on = paris_date(fact.at) if fact.notice == "told" else None
            extension = extension or Extension(fact.reason, told_on, lost=fact.notice == "lost")
    if received is None:
        raise Rejected("This case has no receipt: record when its first message arrived.")
    pauses += [_pause(asked, None) for asked in unanswered]
    return Clock(received, tuple(pauses), extension)


def _pause(fact: ClockFact, answered: date | None) -> Pause:
    return Pause(fact.scope, paris_date(fact.at), answered, fact.reason, fact.override)
