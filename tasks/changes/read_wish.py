"""Read from a message what should be corrected; an officer sees it as a proposal and can change every value.

Reads only. What is not found is left empty; nothing is guessed beyond what the message says in so many words.
"""

import json
import re
from typing import Any

from sqlmodel import col, select

from models.letters import one_line
from models.storage import fetch, keep
from models.tables import WRITTEN, Case, Message
from models.wishes import Wish, rectifiable_fields
from tasks.connectors.rows import fold
from tasks.mail.read_kept import read_kept
from tasks.search_systems import data_map
from tasks.steps import Effect, Scene

LONGEST = 200  # characters of a value
ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
PHONE = re.compile(r"(?<![\w@.])\+?\d(?:[ .()-]?\d){7,14}(?!\w)")
_VALUE = r"\s*(?::|est|s['’]écrit|is|to|should be|now)?\s*:?\s*[«\"“]?\s*([^\n.;,«»\"“”]{2,80})"
SAID: dict[str, re.Pattern[str]] = {
    "name": re.compile(
        r"(?:mon (?:vrai )?nom(?: de famille| complet)?(?: correct)?|nom correct|je m['’]appelle|"
        r"my (?:correct |full |last )?name|correct name)" + _VALUE,
        re.IGNORECASE,
    ),
    "role": re.compile(
        r"(?:ma fonction|mon poste|ma nouvelle fonction|my (?:job title|role|position|title))"
        r"(?: (?:actuelle?|correcte?))?" + _VALUE,
        re.IGNORECASE,
    ),
    "address": re.compile(
        r"(?:(?:nouvelle )?adresse de facturation|(?:new )?billing address)"
        r"\s*(?::|est|is)?\s*:?\s*([^\n«»\"“”]{5,120}?)(?:\.\s|\n|$)",
        re.IGNORECASE,
    ),
}
NAME_OF = {"name": "name", "role": "role", "address": "billing_address"}


def read_wish(scene: Scene) -> dict[str, Any]:
    """Return where the wish is kept: what the case's newest message wants corrected, encrypted."""
    message = scene.session.exec(
        select(Message)
        .where(Message.case_id == scene.case.id, col(Message.state).in_(WRITTEN))
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    text = ""
    mail = read_kept(message.storage_key) if message is not None else None
    if mail is not None:
        text = mail.fresh_text or mail.text
    return kept_wish(wish_in(text, scene.case))


def wish_in(text: str, case: Case) -> Wish:
    """Return the values that `text` gives for fields that may be corrected."""
    found: Wish = {}
    own = {fold(case.requester_address), fold(case.verified_address)}
    addresses = [address for address in ADDRESS.findall(text) if fold(address) not in own]
    phones = PHONE.findall(text)
    for one in rectifiable_fields(data_map()):
        if one.kind == "email" and addresses:
            found[one.name] = addresses[-1].rstrip(".")
        elif one.kind == "phone" and phones:
            found[one.name] = phones[-1]
        else:
            for kind, name in NAME_OF.items():
                if one.name == name and (said := SAID[kind].findall(text)):
                    found[one.name] = said[-1].strip()
    return {name: one_line(value)[:LONGEST] for name, value in found.items()}


def kept_wish(wish: Wish) -> dict[str, Any]:
    """Keep a wish encrypted; return where."""
    return {"storage_key": keep("wishes", json.dumps(wish, sort_keys=True).encode())}


def load_wish(step: dict[str, Any]) -> Wish:
    """Return a wish as it was kept."""
    return dict(json.loads(fetch(str(step["storage_key"]))))


def store_wish(wish: Wish) -> Effect:
    """Return the effect that keeps a wish that an officer typed."""

    def effect(_: Scene) -> dict[str, Any]:
        return kept_wish(wish)

    return effect
