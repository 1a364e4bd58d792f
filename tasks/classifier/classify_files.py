"""Classifies raw messages in files, for `dsr classify --json`.

Reads only; every file gets its answer, whatever is wrong with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.classification import Classification, Kind
from tasks.classifier.classify import classify
from tasks.mail.read_mail import read_mail

UNREADABLE = Classification(
    kind=Kind.NEEDS_REVIEW,
    rights=(),
    language="fr",
    first_name=None,
    last_name=None,
    confidence=0.0,
    machine=None,
    because=(),
)


def classify_files(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """One JSON-able dict per file, in order; what cannot be read needs a person's review."""
    for path in paths:
        try:
            found = classify(read_mail(path.read_bytes()))
        except Exception:  # noqa: BLE001  # whatever is wrong with one file, the others get their answer
            found = UNREADABLE
        yield {"file": str(path), **as_answer(found)}


def as_answer(found: Classification) -> dict[str, Any]:
    """The keys other programs rely on: kind, rights, language, first_name, last_name, confidence, machine."""
    answer = asdict(found)
    del answer["because"]
    return answer | {"rights": [right.value for right in found.rights]}
