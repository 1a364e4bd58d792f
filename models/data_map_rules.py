"""The rules of the data map that span several keys or files, as pure functions from values to faults."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from models.controller import PERSONAL, Category, Controller
from models.data_map import CsvSystem, ManualSystem, SqlSystem, System, Table, identity_kind, parents_first
from models.errors import Rejected

EEA = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split()  # noqa: SIM905  # thirty lines otherwise
)


class Fault(NamedTuple):
    """`at`: the keys from the top of the file down; `what`: the mistake and what to do."""

    at: tuple[str, ...]
    what: str


def controller_faults(controller: Controller) -> list[Fault]:
    """Every category is named, and a recipient outside the EEA has its transfer (law.md R1.3, R1.10)."""
    faults = [
        Fault(("categories",), f"the title of category {category} is missing: add it")
        for category in Category
        if category not in controller.categories
    ]
    told = {transfer.to for transfer in controller.transfers.items}
    faults += [
        Fault(("transfers", "items", str(number), "to"), f"recipients has no {transfer.to}")
        for number, transfer in enumerate(controller.transfers.items)
        if transfer.to not in controller.recipients
    ]
    return faults + [
        Fault(
            ("recipients", key, "country"),
            "outside the EEA: add the transfer and its safeguard to transfers.items",
        )
        for key, recipient in controller.recipients.items()
        if recipient.country not in EEA | {"unknown"} and key not in told
    ]


def system_faults(name: str, system: System, controller: Controller | None) -> list[Fault]:
    """Faults of one file. `controller` is None where its own file could not be read."""
    faults = [] if name == system.system else [Fault(("system",), f"must be {name}, as the file is called")]
    if isinstance(system, ManualSystem):
        return faults + list(_controller_keys(system, (), controller)) + list(_recipients(system, controller))
    faults += _recipients(system, controller)
    for key, table in system.tables.items():
        at = ("tables", key)
        faults += _controller_keys(table, at, controller)
        faults += [Fault((*at, *where), what) for where, what in _columns(table, system.tables)]
        faults += [Fault((*at, *where), what) for where, what in _identities(table)]
        faults += [Fault((*at, *where), what) for where, what in _erasure(key, table, system.tables)]
        faults += [Fault((*at, *where), what) for where, what in _restriction(table)]
        if isinstance(system, SqlSystem) and key in system.ignore_tables:
            faults.append(Fault(("ignore_tables",), f"{key} is mapped as well: keep one"))
    if isinstance(system, CsvSystem):
        faults += _file(system)
    if not faults:
        try:
            parents_first(system.tables)
        except Rejected as error:
            faults.append(Fault(("tables",), str(error)))
    return faults


def _recipients(system: System, controller: Controller | None) -> Iterator[Fault]:
    for number, key in enumerate(system.recipients):
        if controller is not None and key not in controller.recipients:
            yield Fault(
                ("recipients", str(number)), f"recipients of controller.yaml has no {key}: add it there"
            )


def _controller_keys(
    held: Table | ManualSystem, at: tuple[str, ...], controller: Controller | None
) -> Iterator[Fault]:
    if controller is None:
        return
    if held.purpose not in controller.purposes:
        yield Fault((*at, "purpose"), f"purposes of controller.yaml has no {held.purpose}: add it there")
    if held.source not in controller.sources:
        yield Fault((*at, "source"), f"sources of controller.yaml has no {held.source}: add it there")


def _columns(table: Table, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Every column that is spoken of is described, and every table can be reached from a person."""
    named: list[tuple[tuple[str, ...], str]] = [(("key",), column) for column in table.key]
    named += [(("not_followed",), column) for column in table.not_followed]
    named += [(("identity", kind, "column"), identity.column) for kind, identity in table.identity.items()]
    named += [(("link", "column"), link.column) for link in table.link]
    named += [(("retention", "start"), table.retention.start)] if table.retention else []
    named += [(("stop", "set", column), column) for column in (table.stop.set if table.stop else ())]
    set_and_lifted = (("set", table.restrict.set), ("lift", table.restrict.lift)) if table.restrict else ()
    named += [(("restrict", key, column), column) for key, values in set_and_lifted for column in values]
    for at, column in named:
        if column not in table.columns:
            yield Fault(at, f"columns has no {column}")
    for link in table.link:
        parent, column = link.parent
        if parent not in tables:
            yield Fault(("link", "to"), f"tables has no {parent}")
        elif column not in tables[parent].columns:
            yield Fault(("link", "to"), f"columns of {parent} has no {column}")
    for name, described in table.columns.items():
        if described.provided and not described.export:
            yield Fault(("columns", name, "provided"), "the column is not exported: remove one of the two")


def _restriction(table: Table) -> Iterator[Fault]:
    """Lifting undoes exactly what restricting set, and never a stop; neither hides whose row it is (law.md R4)."""
    found_by = {*table.key, *(identity.column for identity in table.identity.values())}
    found_by |= {link.column for link in table.link}
    for rule, values in (("stop", table.stop), ("restrict", table.restrict)):
        for column in sorted(found_by & set(values.set)) if values else ():
            yield Fault((rule, "set", column), "the row is found by this column: set another one")
    if table.restrict is None:
        return
    set_, lift = table.restrict.set, table.restrict.lift
    for column in sorted(set(set_) ^ set(lift)):
        key = "set" if column in set_ else "lift"
        yield Fault(("restrict", key, column), "set and lift must name the same columns")
    for column in set_.keys() & lift.keys():
        if set_[column] == "now" and lift[column] != "null":
            yield Fault(("restrict", "lift", column), 'set writes the moment here, so lift must write "null"')
        elif set_[column] == lift[column]:
            yield Fault(("restrict", "lift", column), "lift must write another value than set")
    for column in sorted(set(set_) & set(table.stop.set if table.stop else ())):
        yield Fault(("restrict", "set", column), "stop sets it too, and lifting would undo an objection")


def _file(system: CsvSystem) -> Iterator[Fault]:
    """A file is only read: what it lacks is another table, and a hand that changes the tool it came from."""
    for name, table in system.tables.items():
        at = ("tables", name)
        if table.link:
            yield Fault((*at, "link"), "a CSV file has no other table to link to: remove it")
        for key, rule in (("stop", table.stop), ("restrict", table.restrict)):
            if rule is not None:
                yield Fault((*at, key), "a CSV file is only read: remove it, responsible makes the change")
    if (system.responsible is None) != (system.instruction is None):
        given, lacking = ("responsible", "instruction")
        if system.responsible is None:
            given, lacking = lacking, given
        yield Fault((given,), f"{lacking} is missing: who makes the changes is told what to do, so give both")


def _identities(table: Table) -> Iterator[Fault]:
    """A code goes to an address only, and only where the row's address can be nobody else's (law.md I6)."""
    points = [(kind, identity.column) for kind, identity in table.identity.items() if identity.contact_point]
    for kind, column in points:
        if column in table.columns and table.columns[column].category != Category.CONTACT:
            yield Fault(("identity", kind, "contact_point"), f"{column} is not of category contact")
    all_kinds = [identity_kind(kind) for kind in table.identity]
    for kind, _ in points:
        if all_kinds.count(identity_kind(kind)) > 1:
            yield Fault(
                ("identity", kind, "contact_point"), "the table holds a second person's address: remove it"
            )
    if not table.identity and not table.link:
        yield Fault((), "needs identity or link: nobody's rows could be found")


def _erasure(name: str, table: Table, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Holds speak of what exists; a table that may be minimised has a mask for each personal column."""
    holds = table.erasure.holds if table.erasure else ()
    for number, hold in enumerate(holds):
        at = ("erasure", "holds", str(number))
        when = hold.when
        if when.column is not None and when.column not in table.columns:
            yield Fault((*at, "when", "column"), f"columns has no {when.column}")
        if when.has_kept is not None and name not in _ancestors(when.has_kept, tables):
            yield Fault((*at, "when", "has_kept"), f"{when.has_kept} is no table below this one")
        if when.retention_running and table.retention is None:
            yield Fault((*at, "when", "retention_running"), "the table has no retention: add it")
        for column in hold.mask_anyway:
            if column not in table.columns or table.columns[column].mask is None:
                yield Fault((*at, "mask_anyway"), f"{column} is no column with a mask")
    actions: set[str] = {hold.action for hold in holds}
    actions |= {table.erasure.action} if table.erasure else set()
    actions |= {table.retention.then} if table.retention else set()
    if "minimise" in actions:
        for column, held in table.columns.items():
            if held.category in PERSONAL and held.mask is None:
                yield Fault(
                    ("columns", column),
                    "rows here may be minimised, but nothing says what takes the place of this personal column:"
                    " write a mask",
                )


def _ancestors(name: str, tables: Mapping[str, Table]) -> set[str]:
    """The tables above `name`, all generations; unknown names and circles end the climb."""
    above: set[str] = set()
    climb = [name]
    while climb:
        table = tables.get(climb.pop())
        parents = {link.parent[0] for link in table.link} - above if table else set()
        above |= parents
        climb += parents
    return above
