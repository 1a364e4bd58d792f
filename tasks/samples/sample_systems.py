"""Invented systems for the demo, tests and benches: the site's database and a billing export.

Repeating is safe: each file is written anew beside the old one and then put in its place; the same `now` gives
the same content. Every person, company and address is invented; the domains are reserved ones (RFC 2606).
"""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import NamedTuple

import sqlalchemy as sa

from tasks.samples.sample_tables import (
    CONTACTS,
    DEAL_STAGES,
    DEALS,
    EMAIL_LOG,
    FORM_SUBMISSIONS,
    INVOICES,
    SITE,
    WEB_SESSIONS,
)

STAGES = ("premier contact", "proposition envoyée", "gagnée", "perdue")
BILLING_HEADER = (
    "customer_id", "name", "company", "email", "address", "payment_status", "last_invoice_on", "comment",
)  # fmt: skip


class SamplePerson(NamedTuple):
    """`language` is fr or en; `visitor_id` is the cookie of their browser."""

    name: str
    email: str
    phone: str
    company: str
    language: str
    visitor_id: str


CAMILLE = SamplePerson(
    name="Camille Durand",
    email="camille.durand@atelier-lumiere.example",
    phone="+33 1 99 00 99 01",
    company="Atelier Lumière",
    language="fr",
    visitor_id="8d1f0a5c3b7e2946",
)
OLIVER = SamplePerson(
    name="Oliver Bennett",
    email="oliver.bennett@harbour-analytics.example",
    phone="+33 1 99 00 99 02",
    company="Harbour Analytics",
    language="en",
    visitor_id="41c9e07ab2d65f83",
)
NAMES = {
    "fr": (
        "Agathe Bastien Céline Damien Éloïse Fabrice Gaëlle Hugo Inès Jules Karine",
        "Arnoult Bréval Castelin Desmarre Fontenel Guérande Lambrecq Maurel Noirot Vasselin",
    ),
    "en": (
        "Alice Benjamin Clara Dominic Eleanor Frank Grace Henry Isla Jack Kate",
        "Ashdown Birchall Cresswell Dunmore Eastgate Fernley Holbrook Kingsley Marlow Thornby",
    ),
}
COMPANIES = (
    "Horizon Bleu",
    "Moulin Vert",
    "Granit & Fils",
    "Northgate Tools",
    "Willow Press",
    "Quayside Foods",
)
ROLES = {
    "fr": ("Gérante", "Directeur des achats", "Comptable"),
    "en": ("Owner", "Head of purchasing", "Accountant"),
}
OURS = "contact@nexoris.example"
PLAIN = str.maketrans("àâäçéèêëîïôöùûü", "aaaceeeeiioouuu")


def create_sample_systems(folder: Path, now: datetime) -> dict[str, str]:
    """Writes `site.sqlite` and `billing_customers.csv`; returns the environment that `data_map/` asks for."""
    folder.mkdir(parents=True, exist_ok=True)
    site, billing = folder / "site.sqlite", folder / "billing_customers.csv"
    fresh = site.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    engine = sa.create_engine(f"sqlite:///{fresh}")
    try:
        fill_site(engine, now)
    finally:
        engine.dispose()
    fresh.replace(site)
    write_billing(billing, now)
    return {"DSR_SITE_DB_URL": f"sqlite:///{site.resolve()}", "DSR_BILLING_CSV": str(billing.resolve())}


def create_site_schema(engine: sa.Engine) -> None:
    """The empty tables of the site's database, with keys; on SQLite and PostgreSQL."""
    SITE.create_all(engine)
    with engine.begin() as connection:
        if not connection.scalar(sa.select(sa.func.count()).select_from(DEAL_STAGES)):
            connection.execute(sa.insert(DEAL_STAGES), [{"name": name} for name in STAGES])


def fill_site(engine: sa.Engine, now: datetime) -> None:
    """The schema and every sample person; for an empty database."""
    create_site_schema(engine)
    with engine.begin() as connection:
        for number, person in enumerate(sample_people()):
            _add(connection, person, now, Random(number))  # noqa: S311  # sample data, no secret


def add_person(engine: sa.Engine, name: str, email: str, now: datetime, *, language: str = "en") -> int:
    """One more person with rows in every table; returns the id of the contact. The e-mail decides their data."""
    random = Random(email)  # noqa: S311  # sample data, no secret
    phone = f"+33 1 99 00 {random.randrange(100):02d} {random.randrange(100):02d}"
    person = SamplePerson(name, email, phone, COMPANIES[0], language, f"{random.getrandbits(64):016x}")
    with engine.begin() as connection:
        return _add(connection, person, now, random)


def sample_people() -> tuple[SamplePerson, ...]:
    """Camille, Oliver and 220 others, always the same."""
    return CAMILLE, OLIVER, *_others()


def _others() -> Iterator[SamplePerson]:
    everybody = [
        (first, last, language)
        for language, (firsts, lasts) in NAMES.items()
        for first, last in product(firsts.split(), lasts.split())
    ]
    for number, (first, last, language) in enumerate(everybody):
        company = COMPANIES[number % len(COMPANIES)]
        domain = company.lower().replace(" & ", "-").replace(" ", "-") + ".example"
        email = f"{first}.{last}".lower().translate(PLAIN) + f"@{domain}"
        phone = f"+33 1 99 00 {number // 100:02d} {number % 100:02d}"
        yield SamplePerson(f"{first} {last}", email, phone, company, language, f"{number:016x}")


def _add(connection: sa.Connection, person: SamplePerson, now: datetime, random: Random) -> int:
    """Invoices go back as far as 2014: some are past their ten years, others are not."""
    moment = now.replace(tzinfo=None, microsecond=0)
    known = person in {CAMILLE, OLIVER}
    last_contact = moment - timedelta(days=random.randrange(5, 400 if known else 1500))
    contact = _insert(
        connection, CONTACTS, email=person.email, phone=person.phone, full_name=person.name,
        role=random.choice(ROLES[person.language]), company=person.company, notes=_note(person, random),
        marketing_optin=known or random.random() < 0.5, litigation=not known and random.random() < 0.02,
        last_contact_at=last_contact,
    )  # fmt: skip
    for year in sorted({2014 if known else random.randrange(2014, now.year), now.year - 1}):
        closed = date(year, random.randrange(1, 13), random.randrange(1, 29))
        _deal(connection, contact, person, closed, random)
    _traces(connection, person, last_contact)
    _insert(
        connection, WEB_SESSIONS, visitor_id=person.visitor_id, ip_trunc=f"203.0.{random.randrange(256)}.0",
        pages=["/", "/tarifs"], started_at=moment - timedelta(days=random.randrange(1, 390)),
    )  # fmt: skip
    return contact


def _traces(connection: sa.Connection, person: SamplePerson, last_contact: datetime) -> None:
    """The form they sent, and one e-mail each way."""
    message = _said(person, "Bonjour, quels sont vos tarifs ?", "Hello, what are your prices?")
    _insert(
        connection, FORM_SUBMISSIONS, email=person.email, created_at=last_contact - timedelta(days=30),
        payload={"name": person.name, "company": person.company, "message": message},
    )  # fmt: skip
    agreed = _said(
        person, "Comme convenu avec Paul Verneuil, voici le détail.", "As agreed with Paul Verneuil."
    )
    for sender, receiver in ((person.email, OURS), (OURS, person.email)):
        _insert(
            connection, EMAIL_LOG, from_addr=sender, to_addr=receiver, sent_at=last_contact,
            subject=_said(person, "Votre devis", "Your quotation"), body=agreed,
        )  # fmt: skip


def _deal(
    connection: sa.Connection, contact: int, person: SamplePerson, closed: date, random: Random
) -> None:
    amount = Decimal(random.randrange(50_000, 2_000_000)) / 100
    title = _said(person, f"Mission pour {person.name}", f"Assignment for {person.name}")
    deal = _insert(
        connection, DEALS, contact_id=contact, stage_id=3, title=title, amount=amount, closed_on=closed
    )  # fmt: skip
    _insert(
        connection, INVOICES, deal_id=deal, number=f"F{closed.year}-{deal:05d}", billing_name=person.name,
        billing_mail=person.email, total=amount * Decimal("1.2"), issued_on=closed + timedelta(days=2),
    )  # fmt: skip


def _note(person: SamplePerson, random: Random) -> str:
    """Notes speak of somebody else, as notes do (law.md T2)."""
    other = random.choice(
        [name for name in (CAMILLE.name, OLIVER.name, "Paul Verneuil") if name != person.name]
    )
    return _said(
        person, f"Recommandé par {other}, qui reste discret.", f"Recommended by {other}, discreetly."
    )


def _said(person: SamplePerson, french: str, english: str) -> str:
    return french if person.language == "fr" else english


def _insert(connection: sa.Connection, table: sa.Table, **values: object) -> int:
    key = connection.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def write_billing(path: Path, now: datetime) -> None:
    """The billing export: every second sample person has a card, Camille and Oliver both."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(BILLING_HEADER)
        for number, person in enumerate(sample_people()):
            if number < 2 or number % 2 == 0:
                last = date(now.year - number % 11, 1 + number % 12, 15)
                lines.writerow((
                    f"C-{number:05d}", person.name, person.company, person.email,
                    f"{number + 1} rue des Essais, 75000 Paris", "late" if number % 9 == 0 else "ok", last.isoformat(),
                    "Relance convenue avec Paul Verneuil" if number % 9 == 0 else "",
                ))  # fmt: skip
    fresh.replace(path)
