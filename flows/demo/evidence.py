"""What the engine and the sample systems say after the demo was played; looks only."""

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from flows.runtime.clock import utc_now
from models.cases import find_request
from models.database import reading
from models.tables import ManualTask, Receipt, Restriction, Suppression
from tasks.case_view import CaseView, case_list, case_view


@dataclass(frozen=True, slots=True)
class Proof:
    """One request with everything that proves what became of it; `seen`: what the demo's own checks saw."""

    ref: str
    right: str
    case: CaseView
    receipts: Sequence[Receipt]
    tasks: Sequence[ManualTask]
    listed: Sequence[Suppression]
    restriction: Restriction | None
    bundle: Path | None
    seen: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The requester's, as the message had it."""
        return self.case.requester_address

    def receipts_of(self, *kinds: str) -> list[Receipt]:
        """The receipts of some kinds, oldest first."""
        return [receipt for receipt in self.receipts if receipt.kind in kinds]


def proofs(bundles: dict[str, Path]) -> list[Proof]:
    """Return every request of every case, oldest first; `bundles`: what was downloaded, by case."""
    with reading() as session:
        cases = sorted(line.ref for line in case_list(session, utc_now(), "all"))
        views = [case_view(session, ref, utc_now()) for ref in cases]
        return [
            _proof(session, view, request.ref, bundles.get(view.ref))
            for view in views
            for request in view.requests
        ]


def _proof(session: Session, view: CaseView, ref: str, bundle: Path | None) -> Proof:
    request = find_request(session, ref)
    receipts = select(Receipt).where(Receipt.request_id == request.id).order_by(col(Receipt.id))
    tasks = select(ManualTask).where(ManualTask.request_id == request.id).order_by(col(ManualTask.id))
    return Proof(
        ref=ref,
        right=request.right,
        case=view,
        receipts=session.exec(receipts).all(),
        tasks=session.exec(tasks).all(),
        listed=session.exec(select(Suppression).where(Suppression.request_ref == ref)).all(),
        restriction=session.exec(select(Restriction).where(Restriction.request_id == request.id)).first(),
        bundle=bundle,
    )


def site(statement: str, **values: object) -> list[sa.Row[Any]]:
    """Ask the sample site's own database."""
    engine = sa.create_engine(os.environ["DSR_SITE_DB_URL"])
    try:
        with engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values))
    finally:
        engine.dispose()


def billing_cards() -> list[dict[str, str]]:
    """Read the billing tool's newest export."""
    with Path(os.environ["DSR_BILLING_CSV"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def is_there(receipt: Receipt) -> bool:
    """Whether the row that a receipt names is in its system now."""
    record = json.loads(receipt.record)
    table, key = str(record["table"]), dict(record["key"])
    if receipt.system == "billing":
        return any(key.items() <= card.items() for card in billing_cards())
    place = sa.table(table, *(sa.column(name) for name in key))
    wanted = sa.select(sa.literal(1)).select_from(place).where(*(place.c[n] == v for n, v in key.items()))
    engine = sa.create_engine(os.environ["DSR_SITE_DB_URL"])
    try:
        with engine.connect() as connection:
            return connection.execute(wanted).first() is not None
    finally:
        engine.dispose()
