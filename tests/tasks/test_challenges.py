"""One-time codes: accepted once, counted, void after too many tries (law.md I6; peers.md test 13)."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from models.database import reading, unit_of_work
from models.errors import Rejected
from models.settings import settings
from models.tables import AuditEvent, Case, Challenge, Request
from models.tokens import code_hash, new_code, new_token, read_code, show_code
from tasks.challenges import Answer, Issued, answer, answer_by_reply, issue, look
from tests.support.case_rows import NOW, ON_FILE, add_case

SOON = NOW + timedelta(minutes=5)


def ask(key: str = "k", **options: object) -> tuple[Case, Request, Issued]:
    with unit_of_work() as session:
        case, (request, *_) = add_case(session, **options)  # type: ignore[arg-type]
        return case, request, issue(session, request, "identity", ON_FILE, key, NOW)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def stored(key: str = "k") -> Challenge:
    with reading() as session:
        return session.exec(select(Challenge).where(Challenge.key == key)).one()


def events(case: Case) -> list[AuditEvent]:
    with reading() as session:
        return list(session.exec(select(AuditEvent).where(AuditEvent.case_id == case.id)))


def reply(case: Case, text: str) -> bool:
    with unit_of_work() as session:
        return answer_by_reply(session, session.get_one(Case, case.id), text, SOON)


def test_the_right_code_proves_the_address_on_file(db: str) -> None:
    case, _, issued = ask()
    assert answer(issued.token, show_code(issued.code), SOON) is Answer.ACCEPTED
    with reading() as session:
        proved = session.get_one(Case, case.id)
    assert proved.verified_address == ON_FILE
    assert "23 novembre 2026" in proved.identity_evidence
    assert issued.code not in proved.identity_evidence
    assert (stored().solved_at, stored().solved_by) == (SOON, "portal")


def test_a_code_works_once(db: str) -> None:
    _, _, issued = ask()
    answer(issued.token, issued.code, SOON)
    assert answer(issued.token, issued.code, SOON + timedelta(minutes=1)) is Answer.ALREADY
    assert stored().solved_at == SOON


def test_five_wrong_codes_make_it_void_for_good(db: str) -> None:
    case, _, issued = ask()
    answers = [answer(issued.token, wrong(issued.code), SOON) for _ in range(6)]
    assert answers == [Answer.WRONG] * 4 + [Answer.VOID] * 2
    assert answer(issued.token, issued.code, SOON) is Answer.VOID
    assert stored().attempts == settings().code_attempts
    kinds = [event.kind for event in events(case)]
    assert kinds.count("code_wrong") == 4
    assert kinds.count("code_void") == 1


def test_guessing_at_the_same_time_counts_every_guess(db: str) -> None:
    """Thirty guesses from ten threads: five count, then nothing more is compared."""
    _, _, issued = ask()
    answers: list[Answer] = []

    def guess() -> None:
        answers.extend(answer(issued.token, wrong(issued.code), SOON) for _ in range(3))

    threads = [threading.Thread(target=guess) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(Answer.WRONG) == 4
    assert answers.count(Answer.VOID) == 26
    assert stored().attempts == 5


def test_a_code_expires(db: str) -> None:
    _, _, issued = ask()
    assert answer(issued.token, issued.code, issued.expires_at) is Answer.EXPIRED
    assert look(issued.token, issued.expires_at) is None
    assert look(issued.token, issued.expires_at - timedelta(seconds=1)) is not None


def test_unknown_tokens_are_unknown(db: str) -> None:
    _, _, issued = ask()
    assert answer(new_token(), issued.code, SOON) is Answer.UNKNOWN
    assert answer("", issued.code, SOON) is Answer.UNKNOWN
    assert look(new_token(), SOON) is None


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "abcdefgh", "１２３４５６７８", "0' OR 1=1"])
def test_what_is_no_code_is_a_wrong_code(db: str, typed: str) -> None:
    _, _, issued = ask()
    assert answer(issued.token, typed, SOON) is Answer.WRONG


def test_a_new_code_ends_the_one_before(db: str) -> None:
    _, request, first = ask("first")
    with unit_of_work() as session:
        second = issue(session, request, "identity", ON_FILE, "second", SOON)
    assert answer(first.token, first.code, SOON) is Answer.EXPIRED
    assert answer(second.token, second.code, SOON) is Answer.ACCEPTED


def test_a_key_is_used_once(db: str) -> None:
    _, request, _ = ask("k")
    with pytest.raises(Rejected, match="issued before"), unit_of_work() as session:
        issue(session, request, "identity", ON_FILE, "k", SOON)


def test_a_closed_request_asks_nobody(db: str) -> None:
    _, request, issued = ask()
    with unit_of_work() as session:
        session.get_one(Request, request.id).closed_at = NOW
    assert look(issued.token, SOON) is None
    assert answer(issued.token, issued.code, SOON) is Answer.EXPIRED


def test_one_case_s_code_does_not_open_another_s(db: str) -> None:
    """IDOR: token and code belong together."""
    _, _, mine = ask("mine")
    _, _, theirs = ask("theirs")
    assert answer(theirs.token, mine.code, SOON) is Answer.WRONG


def test_a_download_code_does_not_prove_identity(db: str) -> None:
    _, request, _ = ask()
    with unit_of_work() as session:
        other = issue(session, request, "download", ON_FILE, "d", NOW)
    assert answer(other.token, other.code, SOON) is Answer.UNKNOWN


def test_neither_token_nor_code_is_kept(db: str) -> None:
    case, _, issued = ask()
    answer(issued.token, wrong(issued.code), SOON)
    answer(issued.token, issued.code, SOON)
    everything = str([stored().model_dump(), [event.model_dump() for event in events(case)]])
    assert issued.token not in everything
    assert issued.code not in everything
    assert show_code(issued.code) not in everything
    assert ON_FILE not in str([event.detail for event in events(case)])


def test_the_digest_of_a_code_needs_a_secret(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_hash("12345678", "salt")
    assert before != code_hash("12345678", "other salt")
    monkeypatch.setattr(settings(), "session_secret", type(settings().session_secret)("another one"))
    assert code_hash("12345678", "salt") != before


def test_tokens_and_codes_are_long_enough() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) * 6 >= 128
    assert all(read_code(show_code(code)) == code for code in (new_code() for _ in range(100)))


@pytest.mark.parametrize(
    "text",
    [
        "{code}",
        "Bonjour,\n\nvoici le code : {shown}.\n\nCordialement",
        "Mon code est {spaced} merci",
        "code {nbsp}",
        "Appelez-moi au 06 12 34 56 78, dossier DSR-2026-0042.\nLe code: {shown}",
        "My number is 12345678 and the code is {shown}",
    ],
)
def test_a_reply_with_the_code_proves_the_address(db: str, text: str) -> None:
    case, _, issued = ask()
    code = issued.code
    text = text.format(
        code=code, shown=show_code(code), spaced=" ".join(code), nbsp=f"{code[:4]}\u00a0{code[4:]}"
    )
    assert reply(case, text)
    assert stored().solved_by == "reply"


@pytest.mark.parametrize(
    "text",
    ["Bonjour, merci.", "06 12 34 56 78", "DSR-2026-0042", "FR76 3000 6000 0112 3456 7890 189", "123456789"],
)
def test_a_reply_without_a_code_is_no_attempt(db: str, text: str) -> None:
    case, _, _ = ask()
    assert not reply(case, text)
    assert stored().attempts == 0


def test_a_reply_full_of_guesses_is_one_attempt_of_three(db: str) -> None:
    case, _, issued = ask()
    guesses = [f"{n:08d}" for n in range(1, 50) if f"{n:08d}" != issued.code]
    assert not reply(case, "\n".join([*guesses, issued.code]))
    assert stored().attempts == 1


def test_replies_are_limited_like_the_portal(db: str) -> None:
    case, _, issued = ask()
    for _ in range(5):
        assert not reply(case, wrong(issued.code))
    assert not reply(case, issued.code)
    assert answer(issued.token, issued.code, SOON) is Answer.VOID


def test_a_reply_in_another_case_proves_nothing(db: str) -> None:
    _, _, issued = ask("mine")
    other, _, _ = ask("theirs")
    assert not reply(other, issued.code)
    assert stored("mine").solved_at is None


def test_what_fails_afterwards_takes_the_acceptance_back(db: str) -> None:
    case, _, issued = ask()

    def crash(session: Session) -> None:
        assert answer_by_reply(session, session.get_one(Case, case.id), issued.code, SOON)
        raise RuntimeError("the rest of the transaction fails")

    with pytest.raises(RuntimeError), unit_of_work() as session:
        crash(session)
    assert stored().solved_at is None
    assert answer(issued.token, issued.code, SOON) is Answer.ACCEPTED
