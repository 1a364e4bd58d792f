"""A reader of messages that a hostile message really kills, or keeps busy."""

import os
import signal

from tasks.mail import read_apart
from tasks.mail.read_apart import Read

DIES = b"X-Kill-The-Reader: yes"
NEVER_ENDS = b"X-Keep-The-Reader: yes"


def serve(number: int, memory: int) -> None:
    read_apart.serve(number, memory, _read)


def _read(raw: bytes, own_domains: frozenset[str]) -> Read | str:
    if DIES in raw:
        os.kill(os.getpid(), signal.SIGKILL)
    while NEVER_ENDS in raw:
        pass
    return read_apart.read(raw, own_domains)
