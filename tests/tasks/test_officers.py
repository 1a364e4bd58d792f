"""Officers: password and one-time code, each code once (RFC 6238; DESIGN.md 4.11)."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from models.database import reading, unit_of_work
from models.errors import Rejected
from models.tables import Officer
from tasks.officers import Provisioning, add_officer, check_totp, known, log_in
from tests.support.case_rows import NOW

PASSWORD = "correct horse battery"
ADDRESS = "dana@nexoris.example"


def added(*, totp: bool = True) -> Provisioning:
    with unit_of_work() as session:
        return add_officer(session, "Dana Privacy", ADDRESS, PASSWORD, NOW, totp=totp)


def code_at(made: Provisioning, seconds: int = 0) -> str:
    secret = parse_qs(urlsplit(made.otpauth_uri).query)["secret"][0]
    return pyotp.TOTP(secret).at(NOW + timedelta(seconds=seconds))


def test_password_and_code_open_the_desk(db: str) -> None:
    made = added()
    officer = log_in(ADDRESS.upper(), PASSWORD, code_at(made), NOW)
    assert officer is not None
    assert officer.name == "Dana Privacy"
    assert known(officer.officer_id) == officer


def test_without_enrolment_the_password_is_enough(db: str) -> None:
    made = added(totp=False)
    assert made.otpauth_uri == ""
    assert log_in(ADDRESS, PASSWORD, "", NOW) is not None
    with unit_of_work() as session:
        assert not check_totp(session, session.get_one(Officer, made.officer_id), "000000", NOW)


@pytest.mark.parametrize(
    ("address", "password", "right_code"),
    [
        (ADDRESS, "wrong password", True),
        ("nobody@nexoris.example", PASSWORD, True),
        (ADDRESS, PASSWORD, False),
    ],
)
def test_every_failure_looks_the_same(db: str, address: str, password: str, right_code: bool) -> None:
    made = added()
    assert log_in(address, password, code_at(made) if right_code else "000000", NOW) is None


def test_a_code_works_once_wherever_it_is_shown(db: str) -> None:
    made = added()
    assert log_in(ADDRESS, PASSWORD, code_at(made), NOW) is not None
    assert log_in(ADDRESS, PASSWORD, code_at(made), NOW) is None
    with unit_of_work() as session:
        officer = session.get_one(Officer, made.officer_id)
        assert not check_totp(session, officer, code_at(made), NOW)
        assert check_totp(session, officer, code_at(made, 30), NOW + timedelta(seconds=30))
        assert not check_totp(session, officer, code_at(made), NOW + timedelta(seconds=30))


def test_a_wrong_password_does_not_use_up_a_code(db: str) -> None:
    made = added()
    assert log_in(ADDRESS, "wrong password", code_at(made), NOW) is None
    assert log_in(ADDRESS, PASSWORD, code_at(made), NOW) is not None


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_differ_by_half_a_minute(db: str, seconds: int, good: bool) -> None:
    made = added()
    assert (log_in(ADDRESS, PASSWORD, code_at(made, seconds), NOW) is not None) is good


@pytest.mark.parametrize("typed", ["", "١٢٣٤٥٦", "12345", "é" * 6])
def test_what_is_no_code_is_wrong(db: str, typed: str) -> None:
    added()
    assert log_in(ADDRESS, PASSWORD, typed, NOW) is None


def test_who_left_cannot_come_back(db: str) -> None:
    made = added(totp=False)
    with unit_of_work() as session:
        session.get_one(Officer, made.officer_id).left_at = NOW
    assert log_in(ADDRESS, PASSWORD, "", NOW) is None
    assert known(made.officer_id) is None


def test_secrets_are_not_kept_in_clear(db: str) -> None:
    made = added()
    secret = parse_qs(urlsplit(made.otpauth_uri).query)["secret"][0]
    with reading() as session:
        officer = session.get_one(Officer, made.officer_id)
    assert secret not in officer.totp_secret
    assert PASSWORD not in officer.password_hash
    assert officer.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "address", "password"),
    [
        ("", "a@nexoris.example", PASSWORD),
        ("A", "no address", PASSWORD),
        ("A", "a@nexoris.example", "short"),
        ("Dana Privacy", "a@nexoris.example", PASSWORD),
        ("A", ADDRESS.upper(), PASSWORD),
    ],
)
def test_unusable_officers_are_refused(db: str, name: str, address: str, password: str) -> None:
    added()
    with pytest.raises(Rejected), unit_of_work() as session:
        add_officer(session, name, address, password, NOW)
