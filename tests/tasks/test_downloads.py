"""Downloads: two factors, one use, limits, receipts (law.md S2-S5; peers.md test 13)."""

import re
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from models import storage
from models.database import reading, unit_of_work
from models.errors import Permanent, Rejected
from models.settings import settings
from models.tables import AuditEvent, Case, Challenge, Download, Letter, Receipt, Request, RequestState
from models.tokens import new_token
from tasks.challenges import Answer
from tasks.exports.downloads import Offered, links_left, look, offer, renew, send_code, take
from tasks.mail.read_mail import read_mail
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, ON_FILE, add_case

BUNDLE = b"PK\x03\x04 all that we hold about one person"
MINUTE = timedelta(minutes=1)
MONTH = timedelta(days=30)


def offered(*, verified: str = ON_FILE, bundle: bytes = BUNDLE) -> tuple[Request, Offered]:
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        case.verified_address = verified
        return request, offer(session, request, bundle, NOW)


def closed(*, verified: str = ON_FILE) -> tuple[Request, Offered]:
    """An offer whose request was answered and closed."""
    request, link = offered(verified=verified)
    with unit_of_work() as session:
        session.get_one(Request, request.id).state = RequestState.CLOSED
    return request, link


def renewed(request: Request, now: datetime = NOW + MONTH) -> str:
    """Send a new link; return its token, read in the letter's own bytes."""
    with unit_of_work() as session:
        letter = renew(session, session.get_one(Request, request.id), "Dana Privacy", now)
    assert letter.recipient == ON_FILE
    found = re.search(r"/download/(\S+)", read_mail(storage.fetch(letter.storage_key)).text)
    assert found
    return found[1]


def left(request: Request) -> int:
    with reading() as session:
        return links_left(session, session.get_one(Request, request.id))


def code_in_letter(letter_id: int | None) -> str:
    """Read the code as the requester does: in the letter's own bytes."""
    assert letter_id is not None
    with reading() as session:
        letter = session.get_one(Letter, letter_id)
    assert letter.secret
    assert letter.recipient == ON_FILE
    found = re.search(r"\b\d{4} \d{4}\b", read_mail(storage.fetch(letter.storage_key)).text)
    assert found
    return found[0]


def row(request: Request) -> Download:
    with reading() as session:
        return session.exec(select(Download).where(Download.request_id == request.id)).one()


def test_link_and_code_together_open_the_bundle(db: str) -> None:
    request, link = offered()
    code = code_in_letter(send_code(link.token, NOW))
    assert take(link.token, code, NOW + MINUTE) == BUNDLE
    download = row(request)
    assert (download.downloads, download.downloaded_at) == (1, NOW + MINUTE)
    with reading() as session:
        receipt = session.exec(select(Receipt).where(Receipt.request_id == request.id)).one()
        kinds = session.exec(select(AuditEvent.kind).where(AuditEvent.case_id == request.case_id)).all()
    assert receipt.kind == "downloaded"
    assert receipt.detail == {"request": "access", "sha256": storage.sha256(BUNDLE), "count": 1}
    assert "downloaded" in kinds


def test_a_code_opens_it_once_and_each_download_is_counted(db: str) -> None:
    request, link = offered()
    first = code_in_letter(send_code(link.token, NOW))
    take(link.token, first, NOW)
    assert take(link.token, first, NOW + MINUTE) is Answer.ALREADY
    second = code_in_letter(send_code(link.token, NOW + MINUTE))
    assert take(link.token, second, NOW + 2 * MINUTE) == BUNDLE
    download = row(request)
    assert (download.downloads, download.downloaded_at) == (2, NOW)


def test_the_bundle_is_unreadable_where_it_is_stored(db: str) -> None:
    offered()
    stored = list((settings().home / "files" / "bundles").iterdir())
    assert len(stored) == 1
    assert BUNDLE[:10] not in stored[0].read_bytes()


def test_a_request_has_one_offer(db: str) -> None:
    request, _ = offered()
    with pytest.raises(Rejected, match="download already"), unit_of_work() as session:
        offer(session, request, b"another", NOW)


def test_the_link_ends_after_seven_days(db: str) -> None:
    _, link = offered()
    code = code_in_letter(send_code(link.token, link.expires_at - MINUTE))
    assert link.expires_at == NOW + timedelta(days=7)
    assert look(link.token, link.expires_at) is None
    assert send_code(link.token, link.expires_at) is None
    assert take(link.token, code, link.expires_at) is Answer.UNKNOWN


def test_unknown_links_are_unknown(db: str) -> None:
    offered()
    assert look(new_token(), NOW) is None
    assert send_code(new_token(), NOW) is None
    assert take(new_token(), "1234 5678", NOW) is Answer.UNKNOWN


def test_no_code_goes_to_an_address_that_is_not_verified(db: str) -> None:
    """law.md S5: the address in the request proves nothing."""
    _, link = offered(verified="")
    assert send_code(link.token, NOW) is None


def test_without_a_code_nothing_opens(db: str) -> None:
    _, link = offered()
    assert take(link.token, "", NOW) is Answer.EXPIRED


def test_a_download_code_lives_half_an_hour(db: str) -> None:
    _, link = offered()
    code = code_in_letter(send_code(link.token, NOW))
    assert take(link.token, code, NOW + 30 * MINUTE) is Answer.EXPIRED


def test_codes_are_limited_to_one_a_minute_and_five_an_hour(db: str) -> None:
    _, link = offered()
    sent = [
        second
        for second in range(0, 3600, 20)
        if send_code(link.token, NOW + timedelta(seconds=second)) is not None
    ]
    assert sent == [0, 60, 120, 180, 240]
    assert send_code(link.token, NOW + timedelta(hours=1)) is not None


def test_guessing_ends_with_the_code_and_a_new_code_starts_afresh(db: str) -> None:
    _, link = offered()
    right = code_in_letter(send_code(link.token, NOW)).replace(" ", "")
    guesses = [f"{(int(right) + n) % 10**8:08d}" for n in range(1, 7)]
    assert [take(link.token, guess, NOW) for guess in guesses] == [Answer.WRONG] * 4 + [Answer.VOID] * 2
    assert take(link.token, right, NOW) is Answer.VOID
    again = code_in_letter(send_code(link.token, NOW + MINUTE))
    assert take(link.token, right, NOW + MINUTE) is Answer.WRONG
    assert take(link.token, again, NOW + MINUTE) == BUNDLE


def test_a_code_opens_only_its_own_download(db: str) -> None:
    """IDOR: another person's link with one's own code."""
    _, mine = offered(bundle=b"mine")
    _, theirs = offered(bundle=b"theirs")
    my_code = code_in_letter(send_code(mine.token, NOW))
    send_code(theirs.token, NOW)
    assert take(theirs.token, my_code, NOW) is Answer.WRONG
    assert take(mine.token, my_code, NOW) == b"mine"


def test_bundles_that_were_exchanged_are_not_handed_out(db: str) -> None:
    """Somebody who can write to the storage cannot give one person another one's copy."""
    request, link = offered(bundle=b"mine")
    other, _ = offered(bundle=b"theirs")
    with unit_of_work() as session:
        session.get_one(Download, row(request).id).storage_key = row(other).storage_key
    code = code_in_letter(send_code(link.token, NOW))
    with pytest.raises(Permanent, match="not the one that was approved"):
        take(link.token, code, NOW)
    assert row(request).downloads == 0


def test_the_first_look_is_recorded_once(db: str) -> None:
    request, link = offered()
    for minutes in range(3):
        view = look(link.token, NOW + minutes * MINUTE)
        assert view is not None
    assert row(request).opened_at == NOW
    with reading() as session:
        kinds = session.exec(select(AuditEvent.kind).where(AuditEvent.case_id == request.case_id)).all()
    assert kinds.count("download_opened") == 1


def test_no_secret_is_kept_in_clear(db: str) -> None:
    request, link = offered()
    code = code_in_letter(send_code(link.token, NOW))
    take(link.token, code, NOW)
    with reading() as session:
        case = session.get_one(Case, request.case_id)
        rows = [
            *session.exec(select(AuditEvent).where(AuditEvent.case_id == case.id)),
            *session.exec(select(Challenge)),
            *session.exec(select(Receipt)),
            *session.exec(select(Letter)),
            row(request),
        ]
        everything = str([each.model_dump() for each in rows])
    assert link.token not in everything
    assert code not in everything
    assert code.replace(" ", "") not in everything


def test_a_new_link_opens_the_same_bundle_and_the_old_one_dies(db: str) -> None:
    request, old = closed()
    assert look(old.token, NOW + MONTH) is None
    new, at = renewed(request), NOW + MONTH
    assert new != old.token
    assert look(old.token, at) is None
    view = look(new, at)
    assert view is not None
    assert view.expires_at == at + timedelta(days=7)
    assert row(request).opened_at == at
    code = code_in_letter(send_code(new, at))
    assert take(old.token, code, at) is Answer.UNKNOWN
    assert take(new, code, at) == BUNDLE


def test_a_link_that_still_works_is_replaced_as_well(db: str) -> None:
    request, old = closed()
    look(old.token, NOW)
    new = renewed(request, NOW + MINUTE)
    assert look(old.token, NOW + MINUTE) is None
    assert look(new, NOW + MINUTE) is not None


def test_the_audit_log_names_who_sent_the_new_link(db: str) -> None:
    request, _ = closed()
    token = renewed(request)
    with reading() as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.kind == "link_renewed")).one()
        everything = str([each.model_dump() for each in session.exec(select(AuditEvent))])
    assert (event.actor, event.detail) == ("Dana Privacy", {"request": "access", "number": 1})
    assert token not in everything


def test_a_request_gets_five_new_links_at_most(db: str) -> None:
    request, _ = closed()
    tokens = {renewed(request, NOW + MONTH * n) for n in range(1, 6)}
    assert len(tokens) == 5
    assert left(request) == 0
    with pytest.raises(Rejected, match="no new link"):
        renewed(request, NOW + MONTH * 6)
    assert look(min(tokens), NOW + MONTH * 6) is None


def test_a_second_click_sends_nothing(db: str) -> None:
    request, _ = closed()
    new = renewed(request)
    with pytest.raises(Rejected, match="less than a minute"):
        renewed(request, NOW + MONTH + timedelta(seconds=59))
    assert look(new, NOW + MONTH) is not None
    assert left(request) == 4


def test_clicks_at_once_send_one_letter(db: str) -> None:
    request, _ = closed()
    ends = at_once(*[lambda: renewed(request)] * 4)
    tokens = [end for end in ends if isinstance(end, str)]
    assert len(tokens) == 1
    assert sum(isinstance(end, Rejected) for end in ends) == 3
    assert look(tokens[0], NOW + MONTH) is not None


def test_no_new_link_without_a_closed_request_a_proved_address_and_a_stored_bundle(db: str) -> None:
    still_open, _ = offered()
    unproved, _ = closed(verified="")
    with unit_of_work() as session:
        _, (without, *_) = add_case(session)
        without.state = RequestState.CLOSED
    purged, _ = closed()
    assert left(purged) == 5
    storage.forget(row(purged).storage_key)
    for request in (still_open, unproved, without, purged):
        assert left(request) == 0
        with pytest.raises(Rejected, match="no new link"):
            renewed(request)
    with reading() as session:
        assert session.exec(select(Letter)).all() == []
