"""Read and classify a message in a process of its own, within a time: hostile mail may be slow, or kill its reader.

No effect: reading twice gives the same value. One such process serves many messages; it ends with the process it works
for, at once where a message was too much for it. A thread could not be stopped, and a signal only reaches a main thread.
"""

import atexit
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from email import policy
from email.parser import BytesHeaderParser
from multiprocessing.connection import Connection

from models.classification import Classification, Machine
from models.errors import DsrError, Rejected, Unavailable
from models.settings import REPOSITORY, settings
from tasks.classifier.classify import classify
from tasks.mail import mail_parts
from tasks.mail.read_mail import ParsedMail, read_mail
from tasks.mail.read_report import Report, read_report

CHILD = "from tasks.mail.read_apart import serve"
START_SECONDS = 60.0
MAX_HEADERS = 1_000_000  # bytes in which headers are looked for
OWN_END_SECONDS = 10.0  # a reader whose master was killed ends itself so long after the limit
TOO_LARGE = "it is larger than DSR_MESSAGE_MAX_BYTES: look at it by hand"
_SECRETS = ("DSR_", "PREFECT_")  # what a reader of hostile mail need not know


@dataclass(frozen=True, slots=True)
class Read:
    """A message, what it is taken for, and every address it was sent or delivered to (lower case).

    `report`: what it says as a bounce. `own`: what it is taken for without the thread that it quotes; in a thread of ours those are our own words.
    """

    mail: ParsedMail
    verdict: Classification
    own: Classification
    sent_to: tuple[str, ...]
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class _Reader:
    process: subprocess.Popen[bytes]
    channel: Connection


_readers: list[_Reader] = []  # one at most
_lock = threading.Lock()


def ready() -> None:
    """Start the reader where none runs; `Unavailable` where that fails, which is no message's fault."""
    with _lock:
        try:
            _reader()
        except (EOFError, OSError) as error:
            _stop()
            raise Unavailable(
                "the process that reads messages does not start: see memory and logs"
            ) from error


def read_apart(raw: bytes, seconds: float, own_domains: frozenset[str] = frozenset()) -> Read:
    """Return what is in `raw`.

    `Rejected` where it cannot be read, is too large or takes longer than `seconds`; `Unavailable` where its reader died.
    """
    if len(raw) > settings().message_max_bytes:
        raise Rejected(TOO_LARGE)
    with _lock:
        answer: Read | str | None = None
        try:
            channel = _reader().channel
            channel.send((raw, seconds, own_domains))
            if channel.poll(seconds):
                answer = channel.recv()
            else:
                answer = "reading it takes longer than DSR_MESSAGE_SECONDS: look at it by hand"
                _stop()
        except (EOFError, OSError) as error:
            raise Unavailable("the process that reads messages died: it is read again") from error
        finally:
            if answer is None:
                _stop()
    if isinstance(answer, Read):
        return answer
    raise Rejected(str(answer))


def read(raw: bytes, own_domains: frozenset[str] = frozenset()) -> Read | str:
    """What is in `raw`, read here and now; a sentence where it cannot be read."""
    try:
        mail = read_mail(raw)
        verdict = own = classify(mail, own_domains)
        if mail.fresh_text != mail.text:
            own = classify(replace(mail, text=mail.fresh_text), own_domains)
        report = read_report(raw) if verdict.machine is Machine.BOUNCE else None
        return Read(mail, verdict, own, (*mail.to, *mail.cc, *_delivered_to(raw)), report)
    except DsrError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # whatever a hostile message breaks must not stop the others
        return f"could not be read ({type(error).__name__})"


def _delivered_to(raw: bytes) -> tuple[str, ...]:
    """Addresses our own mail servers note."""
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw[:MAX_HEADERS])
    names = ("to", "cc", "delivered-to", "x-original-to")
    found = (mail_parts.one_line(value) for name in names for value in mail_parts.headers(message, name))
    return tuple(
        address.strip("<>,;\"'() ").lower() for value in found for address in value.split() if "@" in address
    )


def _reader() -> _Reader:
    if _readers and _readers[0].process.poll() is None:
        return _readers[0]
    _stop()
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603  # our own code, and numbers
            [sys.executable, "-c", f"{CHILD}; serve({theirs.fileno()}, {settings().message_memory_bytes})"],
            pass_fds=(theirs.fileno(),),
            cwd=REPOSITORY,
            env={name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    _readers.append(_Reader(process, Connection(ours.detach())))
    if not _readers[0].channel.poll(START_SECONDS):
        raise EOFError
    _readers[0].channel.recv()
    return _readers[0]


@atexit.register
def _stop() -> None:
    while _readers:
        reader = _readers.pop()
        reader.channel.close()
        reader.process.kill()
        reader.process.wait()


def _disown() -> None:
    """Leave the reader to the process that started it: a fork must neither talk to it nor end it."""
    while _readers:
        _readers.pop().channel.close()


os.register_at_fork(after_in_child=_disown)


def serve(number: int, memory: int, answer_to: Callable[[bytes, frozenset[str]], Read | str] = read) -> None:
    """Answer what comes through the open socket `number`, in `memory` bytes, until its other end is closed."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(
        resource.RLIMIT_AS, (memory if most == resource.RLIM_INFINITY else min(memory, most), most)
    )
    with Connection(number) as channel:
        channel.send("ready")
        while True:
            try:
                raw, seconds, own_domains = channel.recv()
                signal.setitimer(signal.ITIMER_REAL, seconds + OWN_END_SECONDS)
                channel.send(answer_to(raw, own_domains))
            except (EOFError, OSError):
                return
            signal.setitimer(signal.ITIMER_REAL, 0)
