"""The data map as values: which system holds what, why, and for how long (law.md R1).

`controller.yaml` becomes a `Controller`, each other file of the folder a `System`. The rules that span several
keys or files stand in `models/data_map_loading.py`, which reads the files and names the line of every error.
"""

import codecs
import re
from collections.abc import Mapping
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal

from dateutil.relativedelta import relativedelta
from pydantic import ConfigDict, EmailStr, Field, StringConstraints, field_validator, model_validator

from models.controller import Category, Controller, Duration, Key, LegalBasis, Said, Text
from models.errors import Rejected
from models.records import Frozen

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
IdentityKind = Annotated[str, StringConstraints(pattern=r"^(email|phone|visitor_id|client_number)(#[2-9])?$")]
Mask = Annotated[str, StringConstraints(pattern=r"^(null|false|token_email|redact_identities|fixed:.+)$")]
NewValue = Annotated[str, StringConstraints(pattern=r"^(true|false|now|null|fixed:.+)$")]


class Identity(Frozen):
    """A column to search by. `fold`: case does not matter. `contact_point`: a code may go there (law.md I6)."""

    column: Said
    fold: bool = False
    contact_point: bool = False


class Link(Frozen):
    """`column` of this table holds the value of `to` (`table.column`) of its parent.

    `enforced: false` says that the database declares no foreign key for it.
    """

    column: Said
    to: Annotated[str, StringConstraints(pattern=r"^[^.]+\.[^.]+$")]
    enforced: bool = True

    @property
    def parent(self) -> tuple[str, str]:
        """Table and column."""
        table, column = self.to.split(".")
        return table, column


class Column(Frozen):
    """`provided` overrides the table's, where the person gave one column and not another (law.md R6)."""

    category: Category
    export: bool = True
    rectify: bool = False
    third_party: bool = False
    provided: bool | None = None
    mask: Mask | None = None
    title: Text | None = None
    codes: dict[str, Text] = Field(default_factory=dict)

    @field_validator("mask", mode="before")
    @classmethod
    def _quoted(cls, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            raise ValueError('write the mask in quotes, "null" or "false"')
        return value


class Retention(Frozen):
    """`start` names the column with the starting date; `year_end` is the financial year's last day, MM-DD."""

    start: Said
    keep: Duration
    from_year_end: bool = False
    year_end: MonthDay = "12-31"
    then: Literal["delete", "minimise"] = "delete"


class Stop(Frozen):
    """What an objection or a withdrawal of consent sets (law.md R7, R8)."""

    set: dict[str, NewValue] = Field(min_length=1)


class Restrict(Frozen):
    """What a restriction sets, and what lifting it sets again, the same columns (law.md R4; GDPR Art. 18)."""

    set: dict[str, NewValue] = Field(min_length=1)
    lift: dict[str, NewValue] = Field(min_length=1)


class When(Frozen):
    """The condition of a hold: a column's value, a kept descendant, or retention that still runs."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    column: Said | None = None
    is_: bool | int | str | None = Field(default=None, alias="is")
    has_kept: Said | None = None
    retention_running: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> "When":
        given = [self.column is not None, self.has_kept is not None, self.retention_running is not None]
        if sum(given) != 1 or (self.column is None) != (self.is_ is None):
            raise ValueError("give exactly one of column with is, has_kept, or retention_running")
        return self


class Hold(Frozen):
    """Why a row outlives an erasure; the basis is told to the person (law.md R3)."""

    name: Said
    when: When
    action: Literal["keep", "minimise"]
    basis: Text
    mask_anyway: tuple[Said, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _reasoned(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("basis"):
            name = value.get("name") or "without a name"
            raise ValueError(
                f"the hold {name} keeps data without a legal basis: write under basis which article allows it,"
                " in French and in English"
            )
        return value

    @field_validator("basis", mode="before")
    @classmethod
    def _same_in_both(cls, value: Any) -> Any:
        return {"fr": value, "en": value} if isinstance(value, str) else value


class Erasure(Frozen):
    action: Literal["delete", "minimise"]
    holds: tuple[Hold, ...] = ()


class Table(Frozen):
    """One table, or the one table of a CSV file. `not_followed`: foreign keys known and deliberately not walked.

    `provided`: the person gave these data or they were observed, as opposed to written or inferred by us (law.md R6).
    """

    title: Text
    key: tuple[Said, ...] = Field(min_length=1)
    identity: dict[IdentityKind, Identity] = Field(default_factory=dict)
    link: tuple[Link, ...] = ()
    not_followed: tuple[Said, ...] = ()
    purpose: Key
    basis: LegalBasis | None = None
    source: Key
    provided: bool = False
    columns: dict[Said, Column] = Field(min_length=1)
    retention: Retention | None = None
    stop: Stop | None = None
    restrict: Restrict | None = None
    erasure: Erasure | None = None

    @field_validator("link", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


class SystemBase(Frozen):
    version: Literal[1]
    system: Key
    title: Text
    recipients: tuple[Key, ...]


class SqlSystem(SystemBase):
    """A database. `dsn_env` names the environment variable with its URL."""

    kind: Literal["sql"]
    dsn_env: Variable
    db_schema: Said | None = None
    ignore_schemas: tuple[Said, ...] = ()
    ignore_tables: tuple[Said, ...] = ()
    tables: dict[Said, Table] = Field(min_length=1)


class Person(Frozen):
    name: Said
    email: EmailStr


class CsvSystem(SystemBase):
    """A dropped export. `path_env` names the variable with the file's path, or the folder that holds `file`.

    `responsible` makes the changes, as `instruction` says, in the tool of which the file is an export.
    """

    kind: Literal["csv"]
    path_env: Variable
    file: Annotated[str, StringConstraints(pattern=r"^[^/\\]+$")]
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    responsible: Person | None = None
    instruction: Text | None = None
    due_working_days: int = Field(default=5, ge=1, le=15)
    tables: dict[Said, Table] = Field(min_length=1, max_length=1)

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError("no such encoding: write utf-8 or cp1252, for instance") from None


class ManualSystem(SystemBase):
    """A system which only a named person can search; what it holds is stated here, not per column."""

    kind: Literal["manual"]
    responsible: Person
    instruction: Text
    due_working_days: int = Field(ge=1, le=15)
    purpose: Key
    basis: LegalBasis | None = None
    source: Key
    categories: tuple[Category, ...] = Field(min_length=1)


Mapped = SqlSystem | CsvSystem
"""A system whose tables the map describes."""
System = Mapped | ManualSystem


class DataMap(Frozen):
    controller: Controller
    systems: dict[str, System]


def legal_basis(controller: Controller, held: Table | ManualSystem) -> LegalBasis:
    """The table's own basis where it overrides the purpose's."""
    return held.basis or controller.purposes[held.purpose].basis


def is_provided(table: Table, column: str) -> bool:
    """Whether portability may hand the column over, as far as its origin decides (law.md R6)."""
    told = table.columns[column].provided
    return table.provided if told is None else told


def identity_kind(key: str) -> str:
    """`email#2` is a second column of kind `email`."""
    return key.partition("#")[0]


def parents_first(tables: Mapping[str, Table]) -> tuple[str, ...]:
    """Table names, each after the tables it links to. Raises `Rejected` where the links form a circle."""
    parents = {name: sorted({link.parent[0] for link in table.link}) for name, table in tables.items()}
    try:
        return tuple(TopologicalSorter(parents).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise Rejected(
            f"the links {circle} form a circle, so nothing says which row belongs to which: list the column of one"
            " of them under not_followed"
        ) from None


def end_of_retention(retention: Retention, start: date) -> date:
    """The last day a row may be kept: `start`, or the end of its financial year, plus the duration.

    An invoice of 2024 is kept until 2034-12-31 (C. com. L123-22: ten years from the end of the financial year).
    """
    if retention.from_year_end:
        month, day = map(int, retention.year_end.split("-"))
        year_end = date(start.year, 1, 1) + relativedelta(month=month, day=day)
        start = year_end if start <= year_end else year_end + relativedelta(years=1)
    number, unit = re.fullmatch(r"(\d+)(d|mo|y)", retention.keep).groups()  # type: ignore[union-attr]  # Duration's own pattern
    return start + relativedelta(**{{"d": "days", "mo": "months", "y": "years"}[unit]: int(number)})  # type: ignore[arg-type]  # unit is one of three
