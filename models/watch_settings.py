"""Settings of watching: alerts before a last day, what management gets, figures for other programs."""

from datetime import date

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

SHORTEST_SECRET = 24  # characters


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

    @field_validator("metrics_token")
    @classmethod
    def _is_long_enough(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(
                f"it is shorter than {SHORTEST_SECRET} characters: take a line of `dsr keys new`"
            )
        return token
