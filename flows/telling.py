"""Tell every recipient the data were disclosed to (GDPR 19); asking again finds who was told."""

from collections.abc import Sequence

from flows.acting import send_letter, step
from models.records import Identifier
from models.replies import Told
from models.rights import Right
from tasks.letters.notify_recipients import notify_recipients
from tasks.steps import Lease


def tell_recipients(
    lease: Lease, right: Right, identifiers: Sequence[Identifier], changes: tuple[str, ...] = ()
) -> tuple[Told, ...]:
    """Send one letter to each recipient in the disclosure log; return who was told, and who was not and why."""
    done = step(lease, "tell-recipients", lambda: notify_recipients(right, identifiers, changes))
    for letter in done["letters"]:
        send_letter(lease, letter)
    return tuple(Told(**one) for one in done["told"])
