"""The information of Art. 15(1) and (2) about one person, as values; `models/bundle.py` computes them.

Texts are in the person's language already; enumerations and dates are put into words by the page.
"""

from datetime import date

from models.controller import Category, LegalBasis, SupervisoryAuthority
from models.records import Frozen
from models.rights import Right


class RetentionTerm(Frozen):
    """How long, and from which event (R1.5): `keep` is `3y`, `13mo` or `30d`.

    `text` is the purpose's sentence, empty where the table has a period of its own. `until`: the end of retention of
    the rows where it can be computed, each date once; `all_dated`: of every row.
    """

    keep: str
    from_year_end: bool
    starts: str
    text: str
    until: tuple[date, ...]
    all_dated: bool


class DataSet(Frozen):
    """The person's rows of one table, or what a colleague found in one system. Texts are in the person's language."""

    system: str
    table: str
    system_title: str
    title: str
    purpose: str
    basis: LegalBasis
    basis_text: str
    source: str
    categories: dict[Category, tuple[str, ...]]
    recipients: tuple[str, ...]
    retention: RetentionTerm
    stoppable: bool


class Use(Frozen):
    """One purpose with its legal basis, and the data sets used for it (R1.2)."""

    purpose: str
    basis: LegalBasis
    basis_text: str
    data_sets: tuple[str, ...]


class Disclosed(Frozen):
    """Data that went to `recipient` on one day, as the disclosure log says (law.md P4); `what` names the data set."""

    recipient: str
    on: date
    what: str


class NamedRecipient(Frozen):
    """A recipient by its name (R1.4, C-154/21). `country`: two letters, or `unknown`.

    Role, categories and systems are the data map's, empty where it does not know the recipient, or no system of it
    holds anything. `handed_over`: what the disclosure log says, latest first.
    """

    name: str
    role: str
    country: str
    categories: tuple[str, ...]
    systems: tuple[str, ...]
    handed_over: tuple[Disclosed, ...]


class ApplicableRight(Frozen):
    """A right that works on some of this person's data, and why: `because` names a sentence (R1.6)."""

    right: Right
    because: str
    purposes: tuple[str, ...]


class NamedSource(Frozen):
    source: str
    data_sets: tuple[str, ...]


class MadeTransfer(Frozen):
    name: str
    country: str
    safeguard: str


class ExplainedCode(Frozen):
    table: str
    column: str
    code: str
    meaning: str


class AccessInformation(Frozen):
    """R1.1 to R1.10 and R1.13, each computed from the findings. Texts are in the person's language."""

    systems: int
    data_sets: tuple[DataSet, ...]
    uses: tuple[Use, ...]
    categories: dict[str, tuple[str, ...]]
    recipients: tuple[NamedRecipient, ...]
    rights: tuple[ApplicableRight, ...]
    authority: SupervisoryAuthority
    sources: tuple[NamedSource, ...]
    automated_decisions: str
    transfers: tuple[MadeTransfer, ...]
    transfers_statement: str
    codes: tuple[ExplainedCode, ...]
