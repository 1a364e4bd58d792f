"""Settings of watching: alerts before a last day, what management gets, figures for other programs."""

from datetime import date

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

SHORTEST_SECRET = 24  # characters
LONGEST_WARNING = 250  # working days


class WatchSettings(BaseSettings):
    """A part of `models.settings.Settings`."""

    extra_holidays: frozenset[date] = Field(
        default=frozenset(), description='JSON list of days newer than the holiday list: ["2027-05-07"]'
    )
    alert_days: frozenset[int] = Field(
        default=frozenset({14, 7, 3, 1}), description="JSON list: working days before the last day to answer"
    )
    notice_days: frozenset[int] = Field(
        default=frozenset({5, 2}), description="JSON list: the same for notices of extension and refusal"
    )
    due_soon_days: int = Field(3, ge=0, description="working days before the last day: shown as due soon")
    managers: tuple[str, ...] = Field(
        default=(), description='JSON list of addresses: alerts on the last days, and reports: ["…"]'
    )
    report_language: str = Field("fr", pattern="^(fr|en)$", description="language of reports to management")
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="bearer token of GET /metrics; empty: the page is off"
    )

    @field_validator("alert_days", "notice_days")
    @classmethod
    def _are_days_before(cls, days: frozenset[int]) -> frozenset[int]:
        if any(not 0 <= day <= LONGEST_WARNING for day in days):
            raise ValueError(
                f"each is a number of working days before the last day, 0 to {LONGEST_WARNING}, as in [14, 7, 3, 1]; "
                "the last day itself and what is late are told anyway"
            )
        return days

    @field_validator("metrics_token")
    @classmethod
    def _is_long_enough(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(
                f"it is shorter than {SHORTEST_SECRET} characters: take a line of `dsr keys new`"
            )
        return token
