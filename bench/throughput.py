"""How fast mail is parsed, kept and classified, beside the standard library's parser alone; for `bench.mail`.

Keeps into a SQLite database of its own in a temporary folder, which is deleted; the machine's settings are left alone.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from models import database as database_module
from models import settings as settings_module
from models import storage
from models.errors import Rejected
from tasks.classifier.classify import classify
from tasks.mail.read_mail import read_mail

ROUNDS = 3


def throughput(messages: Sequence[bytes]) -> list[tuple[str, str]]:
    """Rows for the table: messages a second of each step and of all, and how many times the baseline that takes."""
    for raw in messages[:20]:
        _classify(raw)  # languages' models and vocabularies are loaded once per process
    baseline = _seconds(messages, _baseline)
    parsing = _seconds(messages, _read)
    both = _seconds(messages, _classify)
    storing = _keeping(messages)
    steps = (
        ("  stdlib parser alone (baseline)", baseline),
        ("  parse", parsing),
        ("  parse + classify", both),
        ("  parse + store + classify", both + storing),
    )
    slowest = max(_seconds([raw], _classify) for raw in messages)
    rows = [
        (name, f"{len(messages) / seconds:7.0f}/s  ({seconds / baseline:.1f} x the baseline)")
        for name, seconds in steps
    ]
    return [
        ("throughput, messages a second", ""),
        *rows,
        ("  slowest message, parse + classify", f"{slowest * 1000:7.0f} ms"),
    ]


def _seconds(messages: Sequence[bytes], step: Callable[[bytes], object]) -> float:
    """The best of some rounds, in seconds of processor time: other programs of the machine do not count."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for raw in messages:
            step(raw)
        best = min(best, time.process_time() - began)
    return max(best, 1e-9)


def _baseline(raw: bytes) -> object:
    message = message_from_bytes(raw, policy=policy.compat32)
    return [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]


def _read(raw: bytes) -> object:
    try:
        return read_mail(raw)
    except Rejected:
        return None


def _classify(raw: bytes) -> object:
    try:
        return classify(read_mail(raw))
    except Rejected:
        return None


def _keeping(messages: Sequence[bytes]) -> float:
    """Seconds on the clock, disk included, to commit every message's bytes, encrypted, and its row."""
    from models.migrate import migrate
    from tasks.mail.keep_mail import keep_message

    before = {name: value for name, value in os.environ.items() if name.startswith("DSR_")}
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        _use({"DSR_DEMO": "true", "DSR_HOME": str(Path(folder) / "home")})
        migrate(database_module.database())
        began = time.perf_counter()
        for raw in dict.fromkeys(messages):
            keep_message(raw, "bench", now, now)
        took = time.perf_counter() - began
        _use(before)
    return took


def _use(environment: dict[str, str]) -> None:
    """Make `environment` the only `DSR_*` there are, and forget what was read from the ones before."""
    if database_module.database.cache_info().currsize:
        database_module.database().dispose()
    for cache in (database_module.database, settings_module.settings, storage._cipher):  # noqa: SLF001  # it must forget the other home's key
        cache.cache_clear()
    for name in [name for name in os.environ if name.startswith("DSR_")]:
        del os.environ[name]
    os.environ.update(environment)
