"""What must be true after the demo was played, looked up in the sample systems themselves; `Rejected` where it is not.

Each check returns in one sentence what it saw. Looks only.
"""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sqlmodel import select

from flows.demo.evidence import Proof, billing_cards, is_there, proofs, site
from flows.demo.local_mail import OUTBOX
from flows.demo.people import letters_to
from flows.demo.roles import GROUND, Stage
from models.database import reading
from models.errors import Rejected
from models.tables import Message, MessageState

NEW_NAME = "Agathe Arnoult-Vidal"  # in messages/04
REPLIES = {
    "access": "access_reply",
    "rectification": "rectification_reply",
    "erasure": "erasure_reply",
    "objection": "objection_reply",
    "portability": "portability_reply",
    "restriction": "restriction_reply",
    "consent_withdrawal": "consent_reply",
}
HOLDS_ADDRESS = {
    "contacts": "email = :who",
    "form_submissions": "email = :who",
    "email_log": "from_addr = :who OR to_addr = :who",
    "invoices": "billing_mail = :who",
}


def check_cases(stage: Stage) -> list[Proof]:
    """Return the proofs of every request, checked."""
    _check_newsletter()
    found = proofs(stage.bundles)
    if missing := REPLIES.keys() - {proof.right for proof in found}:
        raise Rejected(f"no request exercised {', '.join(sorted(missing))}")
    for proof in found:
        _check_letters(proof, stage.config.home / OUTBOX)
    return [replace(proof, seen=CHECKS[proof.right](proof)) for proof in found]


def _must(proof: Proof, what: str, *, be: bool) -> str:
    """Return `what` where it is so."""
    if not be:
        raise Rejected(f"{proof.ref}: it should be so, and is not: {what}")
    return what


def _check_newsletter() -> None:
    with reading() as session:
        states = session.exec(select(Message.state).where(Message.sender.startswith("infolettre@"))).all()
    if states != [MessageState.MACHINE]:
        raise Rejected(f"the newsletter should be machine mail, and is {states}")


def _check_letters(proof: Proof, outbox: Path) -> None:
    """The case is answered, its reply left, every letter arrived once, and the audit log holds."""
    case = proof.case
    [request] = [one for one in case.requests if one.ref == proof.ref]
    _must(proof, "closed, and answered", be=case.closed_at is not None and request.outcome == "answered")
    kinds = [letter.kind for letter in case.letters if letter.recipient == proof.address]
    _must(proof, f"its reply is among {kinds}", be=kinds.count(REPLIES[proof.right]) == 1)
    _must(proof, "who asks was asked once at most", be=kinds.count("ask_identity") <= 1)
    _must(proof, "every letter was sent", be={letter.state for letter in case.letters} == {"sent"})
    arrived = len(list(letters_to(outbox, proof.address)))
    _must(proof, f"of {len(kinds)} letters {arrived} arrived", be=arrived == len(kinds))
    _must(proof, f"the audit log holds {case.audit_broken}", be=not case.audit_broken)


def _files(proof: Proof) -> dict[str, bytes]:
    if proof.bundle is None:
        raise Rejected(f"{proof.ref}: nothing was downloaded")
    with zipfile.ZipFile(io.BytesIO(proof.bundle.read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _access(proof: Proof) -> tuple[str, ...]:
    files = _files(proof)
    _must(proof, "the manifest names the case", be=proof.case.ref in files["manifest.json"].decode())
    contacts = json.loads(files["data/site_db/contacts.json"])["rows"]
    _must(
        proof, "the bundle holds the contact record", be=[one["email"] for one in contacts] == [proof.address]
    )
    _must(proof, "the bundle has a page to read it by", be=proof.case.ref.encode() in files["index.html"])
    return (f"the downloaded bundle: {len(files)} files, {_nobody_else(proof, files)}",)


def _nobody_else(proof: Proof, files: dict[str, bytes]) -> str:
    everybody = {str(row.email) for row in site("SELECT email FROM contacts")} - {proof.address}
    others = [one for one in everybody if any(one.encode() in content for content in files.values())]
    return _must(proof, f"none of {len(everybody)} other people's addresses in them", be=not others)


def _portability(proof: Proof) -> tuple[str, ...]:
    files = _files(proof)
    _must(proof, "no file is a PDF", be=not any(content.startswith(b"%PDF") for content in files.values()))
    data = json.loads(files["data.json"])
    forms = data["data"]["site_db"]["form_submissions"]
    _must(proof, "the export holds the person's forms", be={row["email"] for row in forms} == {proof.address})
    _must(
        proof,
        "what rests on legitimate interest is left out",
        be="email_log" not in data["data"]["site_db"] and b"email_log" in files["scope.json"],
    )
    return (
        f"the downloaded export: {len(files)} files, no PDF; {_validated(data, files)}; {_nobody_else(proof, files)}",
    )


def _validated(data: object, files: dict[str, bytes]) -> str:
    if find_spec("jsonschema") is None:  # a tool of development
        return "data.json comes with schema.json"
    import_module("jsonschema").validate(data, json.loads(files["schema.json"]))
    return "data.json is valid under its schema.json"


def _rectification(proof: Proof) -> tuple[str, ...]:
    [row] = site("SELECT full_name FROM contacts WHERE email = :who", who=proof.address)
    cards = [card["name"] for card in billing_cards() if card["email"] == proof.address]
    _must(proof, f"the contact's name is {NEW_NAME}", be=row.full_name == NEW_NAME)
    _must(proof, f"the billing card's name is {NEW_NAME}", be=cards == [NEW_NAME])
    return (f"read back: both systems that hold the name say {NEW_NAME}",)


def _erasure(proof: Proof) -> tuple[str, ...]:
    gone, kept = proof.receipts_of("erased"), proof.receipts_of("kept", "minimised")
    _must(proof, "something was erased, and something kept", be=bool(gone and kept))
    _must(proof, "what was to be deleted is gone", be=not any(map(is_there, gone)))
    _must(proof, "what the law keeps is there", be=all(map(is_there, kept)))
    _must(proof, "what is kept says until when and why", be=all(_has_reason(one.detail) for one in kept))
    for table, condition in HOLDS_ADDRESS.items():
        found = site(f"SELECT 1 FROM {table} WHERE {condition}", who=proof.address)  # noqa: S608  # names of ours
        _must(proof, f"no row of {table} holds the address", be=not found)
    billed = any(card["email"] == proof.address for card in billing_cards())
    _must(proof, "no billing card holds the address", be=not billed)
    [entry] = proof.listed
    _must(proof, "a backup cannot bring the person back", be=entry.scope == "erased")
    return (*_verified(proof), "the address stands in no table of the site and no billing card any more")


def _has_reason(detail: dict[str, object]) -> bool:
    return bool(detail["until"] and detail["basis"])


def _verified(proof: Proof) -> tuple[str, ...]:
    """What the engine's own look afterwards found, from its receipts: the newest of each system."""
    newest = {receipt.system: receipt.detail for receipt in proof.receipts_of("verified")}
    _must(proof, "it was looked again", be=bool(newest))
    for system, detail in newest.items():
        clean = not detail["left"] and not detail["problem"]
        _must(proof, f"nothing that should go is left in {system}", be=clean)
    rows = sum(detail["rows"] for detail in newest.values())
    mentions = sum(detail["mentions"] for detail in newest.values())
    judged = f"; {mentions} mentions in other people's rows, which the officer judged" if mentions else ""
    return (
        f"looked again in {', '.join(newest)}: {rows} rows searched for the person, nothing left{judged}",
    )


def _marketing_off(proof: Proof) -> str:
    [row] = site("SELECT marketing_optin, opted_out_at FROM contacts WHERE email = :who", who=proof.address)
    off = not row.marketing_optin and row.opted_out_at is not None
    [entry] = proof.listed
    listed = entry.scope == "marketing" and proof.address not in entry.digest
    _must(proof, "the address is on the suppression list, as a digest", be=listed)
    return _must(proof, f"the contact's marketing flag is off since {row.opted_out_at:.10}", be=off)


def _objection(proof: Proof) -> tuple[str, ...]:
    asked = [letter.kind for letter in proof.case.letters if letter.kind == "ask_identity"]
    _must(proof, "nobody was asked who they are", be=not asked)
    return (f"{_marketing_off(proof)}; no identity check was needed",)


def _restriction(proof: Proof) -> tuple[str, ...]:
    [row] = site("SELECT restricted_at FROM contacts WHERE email = :who", who=proof.address)
    opened = proof.restriction is not None and proof.restriction.ground == GROUND
    _must(proof, "the restriction is noted, with the case the officer chose", be=opened)
    set_ = row.restricted_at is not None
    return (_must(proof, f"the contact is marked as stored only since {row.restricted_at:.10}", be=set_),)


def _consent(proof: Proof) -> tuple[str, ...]:
    gone = proof.receipts_of("erased")
    _must(proof, "what rested on consent alone is gone", be=bool(gone) and not any(map(is_there, gone)))
    forms = site("SELECT 1 FROM form_submissions WHERE email = :who", who=proof.address)
    _must(proof, "no form is left", be=not forms)
    return (*_verified(proof), f"{_marketing_off(proof)}; the record itself rests on another basis and stays")


CHECKS: dict[str, Callable[[Proof], tuple[str, ...]]] = {
    "access": _access,
    "rectification": _rectification,
    "erasure": _erasure,
    "objection": _objection,
    "portability": _portability,
    "restriction": _restriction,
    "consent_withdrawal": _consent,
}
