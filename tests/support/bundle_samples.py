"""Two invented people with different data in the systems of the repository's own data map."""

from datetime import UTC, date, datetime

from models.bundle import BundleSubject, Withheld
from models.calendar import Language
from models.data_map import DataMap
from models.data_map_loading import load_data_map
from models.information import Disclosed
from models.records import Document, Finding, FindingStatus, Identifier, Record
from models.settings import REPOSITORY

SYSTEMS = ("billing", "elay", "site_db")
SEARCHED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

DISCLOSED = (
    Disclosed(recipient="Imprimerie Dubreuil SARL", on=date(2026, 10, 2), what="coordonnées pour la brochure d’automne"),
    Disclosed(recipient="ELAY", on=date(2026, 9, 15), what="rendez-vous de l’été"),
    Disclosed(recipient="Imprimerie Dubreuil SARL", on=date(2026, 3, 5), what="coordonnées pour la brochure de printemps"),
)  # fmt: skip


def data_map() -> DataMap:
    """The repository's map, of three systems only: these people's findings stay complete when a system is added."""
    whole = load_data_map(REPOSITORY / "data_map")
    return whole.model_copy(update={"systems": {name: whole.systems[name] for name in SYSTEMS}})


def subject(language: Language = "fr", withheld: tuple[Withheld, ...] = ()) -> BundleSubject:
    return BundleSubject(
        case_ref="DSR-2026-0042",
        name="Camille Lefèvre",
        identifiers=(
            Identifier(kind="email", value="camille.lefevre@atelier-nord.example"),
            Identifier(kind="phone", value="+33 6 12 34 56 78"),
        ),
        language=language,
        received_on=date(2026, 11, 16),
        state_of_data_at=SEARCHED,
        withheld=withheld,
    )


def nothing(system: str) -> Finding:
    return Finding(system=system, status=FindingStatus.NONE, searched_at=SEARCHED)


def with_records(system: str, *records: Record, documents: tuple[Document, ...] = ()) -> Finding:
    return Finding(
        system=system, status=FindingStatus.FOUND, searched_at=SEARCHED, records=records, documents=documents
    )


def client_findings() -> list[Finding]:
    """A client: contact record, deals, invoice, e-mails, documents found by hand."""
    contact = {
        "email": "camille.lefevre@atelier-nord.example",
        "phone": "+33 6 12 34 56 78",
        "full_name": "Camille Lefèvre",
        "role": "Directrice des opérations",
        "company": "Atelier Nord",
        "notes": "Préfère être appelée le matin. Recommandée par un partenaire, à recontacter au printemps pour le devis.",
        "marketing_optin": True,
        "opted_out_at": None,
        "last_contact_at": "2026-09-14T08:12:00+00:00",
    }
    mails = [
        ("Devis portail clients", "Bonjour,\n\nMerci pour votre proposition.\n- le périmètre nous convient\n- le planning aussi\n\nBien à vous,\nCamille Lefèvre", "2025-03-04T14:02:00+00:00"),
        ("Re: Devis portail clients", "Bonjour Camille,\n\nVoici le devis corrigé. Bonne journée !", "2025-03-05T09:40:00+00:00"),
    ]  # fmt: skip
    site = with_records(
        "site_db",
        Record(
            table="contacts", key={"id": 7}, data=contact, to_review=("notes",), keep_until=date(2029, 9, 14)
        ),
        Record(
            table="deals",
            key={"id": 31},
            data={"stage_id": 3, "title": "Portail clients", "amount": 18400, "closed_on": "2025-04-02"},
            keep_until=date(2028, 4, 2),
        ),
        Record(
            table="deals",
            key={"id": 44},
            data={"stage_id": 2, "title": "Tableau de bord", "amount": 9600, "closed_on": None},
        ),
        Record(
            table="invoices",
            key={"id": 12},
            data={
                "number": "F-2025-0187",
                "billing_name": "Camille Lefèvre",
                "billing_mail": "compta@atelier-nord.example",
                "total": "18400.00",
                "issued_on": "2025-04-30",
            },
            keep_until=date(2035, 12, 31),
        ),
        *(
            Record(
                table="email_log",
                key={"id": number},
                data={
                    "from_addr": "camille.lefevre@atelier-nord.example",
                    "to_addr": "contact@nexoris.com",
                    "subject": title,
                    "body": body,
                    "sent_at": sent,
                },
                to_review=("subject", "body"),
                keep_until=date(2028, 3, 4 + number),
            )
            for number, (title, body, sent) in enumerate(mails)
        ),
    )
    billing = with_records(
        "billing",
        Record(
            table="billing_customers",
            key={"customer_id": "C-0192"},
            data={
                "customer_id": "C-0192",
                "name": "Camille Lefèvre",
                "company": "Atelier Nord",
                "email": "compta@atelier-nord.example",
                "payment_status": "ok",
                "last_invoice_on": "2025-04-30",
            },
            keep_until=date(2035, 12, 31),
        ),
    )
    elay = with_records(
        "elay",
        documents=(
            Document(name="Fiche Elay.pdf", media_type="application/pdf", content=b"%PDF-1.4 sample"),
            Document(name="historique.html", media_type="text/html", content=b"<p>Rendez-vous du 3 mars</p>"),
        ),
    )
    return [site, billing, elay]


def visitor_findings() -> list[Finding]:
    """Somebody who sent one form and visited the site: consent only, nothing elsewhere."""
    site = with_records(
        "site_db",
        Record(
            table="form_submissions",
            key={"id": 3},
            data={
                "email": "sam@example.org",
                "payload": {"message": "Please call me back", "company": "Example"},
                "created_at": "2026-10-02T10:00:00+00:00",
            },
            keep_until=date(2029, 10, 2),
        ),
        Record(
            table="web_sessions",
            key={"id": 9},
            data={"visitor_id": "v-77", "ip_trunc": "203.0.113.0", "pages": ["/", "/contact"], "started_at": "2026-10-02T09:55:00+00:00"},
            keep_until=date(2027, 11, 2),
        ),
    )  # fmt: skip
    return [nothing("billing"), nothing("elay"), site]
