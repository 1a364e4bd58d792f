"""The seven rights a person can exercise, and the article each one stands in."""

from enum import StrEnum


class Right(StrEnum):
    """One right of the GDPR, as the data base, the forms and `dsr classify` spell it (law.md R1-R8)."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    OBJECTION = "objection"
    PORTABILITY = "portability"
    RESTRICTION = "restriction"
    CONSENT_WITHDRAWAL = "consent_withdrawal"

    @property
    def article(self) -> str:
        """The article of Regulation (EU) 2016/679, as a reply cites it: `15`, `7(3)` …"""
        return ARTICLES[self]


ARTICLES: dict[Right, str] = {
    Right.ACCESS: "15",
    Right.RECTIFICATION: "16",
    Right.ERASURE: "17",
    Right.RESTRICTION: "18",
    Right.PORTABILITY: "20",
    Right.OBJECTION: "21",
    Right.CONSENT_WITHDRAWAL: "7(3)",
}
