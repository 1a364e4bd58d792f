"""One context of each letter with fixed facts about an invented person, for golden files and pictures."""

from datetime import UTC, date, datetime

from models.controller import Organisation, SupervisoryAuthority
from models.letter_contexts import CONTEXTS
from models.letters import (
    AccessReply,
    Acknowledge,
    AskIdentity,
    Context,
    DecisionWaiting,
    Doubt,
    DownloadCode,
    LetterKind,
    ManualTask,
    NewLink,
    NothingHeld,
    RequesterLetter,
    SystemCopied,
    ThingsToDo,
    TodoNotice,
    Withheld,
)
from models.rights import Right
from models.tables import TodoKind
from tests.support.deadline_samples import deadline_alert
from tests.support.letter_replies import CASE_LINK, LINK, reply_facts
from tests.support.report_samples import report

REF = "DSR-2026-0042"
REQUESTER = RequesterLetter(
    ref=REF,
    received_on=date(2026, 12, 1),
    name="Claire Martin",
    privacy_address="privacy@nexoris.com",
    controller=Organisation(name="Nexoris SAS", address="10 rue des Exemples, 75002 Paris"),
    authority=SupervisoryAuthority(
        name="CNIL (Commission nationale de l’informatique et des libertés)",
        address="3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07",
        url="https://www.cnil.fr/plaintes",
    ),
)
SYSTEM_TITLES = {
    "fr": ("Base du site", "Pipedrive (gestion commerciale)", "Messagerie", "Facturation"),
    "en": ("Website database", "Pipedrive (customer relations)", "Mailbox", "Billing"),
}
COUNTS = ((1, 0), (12, 3), (0, 41), (0, 0))
WITHHELD = {
    "fr": Withheld(what="Deux noms dans un compte rendu", reason="ils désignent d’autres personnes, dont la vie privée doit être protégée."),
    "en": Withheld(what="Two names in a meeting note", reason="they are those of other people, whose privacy must be protected."),
}  # fmt: skip


def sample(kind: LetterKind, language: str) -> Context:  # noqa: C901, PLR0911  # one return for each letter
    """The context of one letter; those of the replies to a right are in `letter_replies.py`."""
    titles = SYSTEM_TITLES[language]
    base = dict(REQUESTER)
    match kind:
        case LetterKind.ACKNOWLEDGE:
            rights = (Right.ACCESS, Right.ERASURE)
            clocks = {"commitment": date(2026, 12, 31), "statutory_due": date(2027, 1, 4)}
            return Acknowledge(**base, rights=rights, **clocks)
        case LetterKind.ASK_IDENTITY:
            expires = datetime(2026, 12, 9, 17, 5, tzinfo=UTC)
            link = LINK.replace("download", "identity")
            why = Doubt.UNKNOWN_ADDRESS
            return AskIdentity(**base, code="4831 0927", link=link, expires_on=expires, why=why)
        case LetterKind.DECISION_WAITING:
            return DecisionWaiting(
                ref=REF,
                right=Right.ACCESS,
                question="review",
                due=date(2026, 12, 31),
                prefect_link="https://prefect.nexoris.example/runs/flow-run/6f0f3c1e",
                case_link=CASE_LINK,
            )
        case LetterKind.MANUAL_TASK:
            link = "https://dsr.nexoris.example/desk/tasks/7"
            return ManualTask(ref=REF, system_title=titles[3], due_on=date(2026, 12, 15), link=link)
        case LetterKind.ACCESS_REPLY:
            return _access_reply(language)
        case LetterKind.NOTHING_HELD:
            address = "claire.martin@example.org"
            return NothingHeld(**base, searched=titles, state_of_data_on=date(2026, 12, 11), address=address)
        case LetterKind.DOWNLOAD_CODE:
            return DownloadCode(
                **base, code="7745 1386", expires_at=datetime(2026, 12, 14, 9, 30, tzinfo=UTC)
            )
        case LetterKind.NEW_LINK:
            return NewLink(**base, link=LINK, link_expires_on=datetime(2027, 1, 18, 9, 5, tzinfo=UTC))
        case LetterKind.DEADLINE_ALERT:
            return deadline_alert(REF, titles[3])
        case LetterKind.REPORT:
            return report(language)
        case LetterKind.TODO_NOTICE:
            return _todo_notice()
        case _:
            known = base if issubclass(CONTEXTS[kind], RequesterLetter) else {"ref": REF}
            return CONTEXTS[kind](**known, **reply_facts(language, titles)[kind])


def _access_reply(language: str) -> AccessReply:
    counted = zip(SYSTEM_TITLES[language], COUNTS, strict=True)
    return AccessReply(
        **dict(REQUESTER),
        decided_on=date(2026, 12, 14),
        link=LINK,
        link_expires_on=datetime(2026, 12, 21, 8, 30, tzinfo=UTC),
        state_of_data_on=date(2026, 12, 11),
        systems=tuple(
            SystemCopied(title=title, records=counts[0], documents=counts[1]) for title, counts in counted
        ),
        withheld=(WITHHELD[language],),
    )


def _todo_notice() -> TodoNotice:
    messages = tuple(f"message {number}" for number in range(41, 51))
    return TodoNotice(
        new=(
            ThingsToDo(kind=TodoKind.QUALIFY, count=13, about=messages),
            ThingsToDo(kind=TodoKind.BOUNCED, count=1, about=(REF,)),
        ),
        late=(ThingsToDo(kind=TodoKind.QUALIFY, count=1, about=("message 38",)),),
        waiting=17,
        link="https://dsr.nexoris.example/desk/todo",
    )
