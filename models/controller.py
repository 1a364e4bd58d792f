"""Who the controller is, why it processes data, and who receives them: `data_map/controller.yaml` as values (law.md R1)."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import EmailStr, Field, StringConstraints

from models.records import Frozen

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|unknown)$")]
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}(d|mo|y)$")]


class Text(Frozen):
    """One sentence or title in each language the controller answers in (law.md Q12)."""

    fr: Said
    en: Said


class Category(StrEnum):
    """What kind of data a column holds (GDPR Art. 15(1)(b))."""

    IDENTITY = "identity"
    CONTACT = "contact"
    PROFESSIONAL = "professional"
    FREE_TEXT = "free_text"
    CONSENT = "consent"
    FINANCIAL = "financial"
    TECHNICAL = "technical"
    ONLINE_ID = "online_id"
    USAGE = "usage"


PERSONAL = frozenset(
    {Category.IDENTITY, Category.CONTACT, Category.FREE_TEXT, Category.ONLINE_ID, Category.USAGE}
)
"""Categories which point to a person by themselves: a row is not minimised while one of them has no mask."""


class LegalBasis(StrEnum):
    """The bases Nexoris relies on (GDPR Art. 6(1)(a), (b), (c), (f))."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"


class PurposeRetention(Frozen):
    """Duration, the event it starts from, and the sentence that tells a person both (law.md R1.5)."""

    keep: Duration
    from_year_end: bool = False
    starts: Text
    text: Text


class Purpose(Frozen):
    title: Text
    basis: LegalBasis
    basis_text: Text
    retention: PurposeRetention


class Recipient(Frozen):
    """A recipient by its actual name, never a class of recipients (law.md R1.4, C-154/21)."""

    name: Said
    role: Text
    country: Country
    categories: tuple[Category, ...] = Field(min_length=1)


class Transfer(Frozen):
    """A transfer outside the EEA that actually happens; `to` is a recipient's key (law.md R1.10)."""

    to: Key
    safeguard: Text


class Transfers(Frozen):
    """The statement is due even where the list is empty."""

    statement: Text
    items: tuple[Transfer, ...] = ()


class Organisation(Frozen):
    name: Said
    address: Said


class PrivacyContact(Frozen):
    name: Text
    email: EmailStr


class SupervisoryAuthority(Organisation):
    url: Annotated[str, StringConstraints(pattern=r"^https://\S+$")]


class Controller(Frozen):
    """`controller.yaml`: the published policy as data."""

    version: Literal[1]
    controller: Organisation
    privacy_contact: PrivacyContact
    supervisory_authority: SupervisoryAuthority
    languages: tuple[Literal["fr", "en"], ...] = Field(min_length=1)
    categories: dict[Category, Text]
    purposes: dict[Key, Purpose]
    recipients: dict[Key, Recipient]
    transfers: Transfers
    sources: dict[Key, Text]
    automated_decisions: Text
