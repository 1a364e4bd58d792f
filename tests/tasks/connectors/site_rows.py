"""Two people in the website’s database: the worked example of the reference, and somebody next to them."""

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from tasks.samples.sample_systems import create_site_schema
from tasks.samples.sample_tables import (
    CONTACTS,
    DEALS,
    EMAIL_LOG,
    FORM_SUBMISSIONS,
    INVOICES,
    WEB_SESSIONS,
)

LEA, TOM = "lea.martin@atelier.example", "tom.petit@atelier.example"


def at(year: int) -> datetime:
    return datetime(year, 3, 5, 10, tzinfo=UTC).replace(tzinfo=None)


def contact(number: int, email: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "email": email, "phone": f"+33 1 99 00 99 0{number}", "full_name": name, "role": "Gérante",
        "company": "Atelier", "notes": "Recommandée par Paul", "marketing_optin": True, "litigation": False,
        "last_contact_at": at(2026), **more,
    }  # fmt: skip


def deal(number: int, contact_id: int, title: str) -> dict[str, Any]:
    return {
        "id": number, "contact_id": contact_id, "stage_id": 3, "title": title, "amount": 100, "closed_on": date(2024, 1, 2)
    }  # fmt: skip


def invoice(number: int, deal_id: int, year: int, name: str, mail: str) -> dict[str, Any]:
    return {
        "id": number, "deal_id": deal_id, "number": f"F{number}", "billing_name": name, "billing_mail": mail,
        "total": 120, "issued_on": date(year, 6, 1),
    }  # fmt: skip


def mail(number: int, sender: str, receiver: str) -> dict[str, Any]:
    return {
        "id": number, "from_addr": sender, "to_addr": receiver, "subject": "Devis", "body": "Voici.", "sent_at": at(2026)
    }  # fmt: skip


def form(number: int, email: str, message: str) -> dict[str, Any]:
    return {"id": number, "email": email, "payload": {"message": message}, "created_at": at(2026)}


def session(number: int, visitor: str) -> dict[str, Any]:
    return {
        "id": number,
        "visitor_id": visitor,
        "ip_trunc": "203.0.0.0",
        "pages": ["/"],
        "started_at": at(2026),
    }


def fill(url: str) -> None:
    """Léa with an invoice of 2024 and one of 2014, and Tom with rows in the same tables."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    create_site_schema(engine)
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        CONTACTS: [contact(1, LEA, "Léa Martin"), contact(2, TOM, "Tom Petit")],
        DEALS: [
            deal(1, 1, "Mission pour LÉA MARTIN (lea.martin@atelier.example, 01.99.00.99.01)"),
            deal(2, 1, "Ancienne mission"),
            deal(3, 2, "Mission pour Tom Petit"),
        ],
        INVOICES: [
            invoice(1, 1, 2024, "Léa Martin", LEA),
            invoice(2, 2, 2014, "Léa Martin", LEA),
            invoice(3, 3, 2014, "Tom Petit", TOM),
        ],
        FORM_SUBMISSIONS: [form(1, LEA, "Bonjour"), form(2, TOM, f"Mettez {LEA} en copie.")],
        EMAIL_LOG: [
            mail(1, LEA, "contact@nexoris.example"),
            mail(2, "contact@nexoris.example", LEA),
            mail(3, TOM, "contact@nexoris.example"),
        ],
        WEB_SESSIONS: [session(1, "8d1f0a5c"), session(2, "41c9e07a")],
    }
    with engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(sa.insert(table), values)
