"""A day of mail for one mailbox, drawn by a seed: requests, copies, replies, bounces, machine mail, hostile ones."""

import random
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from string import Template

from tests.support.mail_samples import REQUESTS

MAILBOX = "privacy@nexoris.com"
# What a person writes is rarer in life; here each kind must come often enough to be killed in.
SHARES = {"request": 40, "copy": 15, "reply": 10, "bounce": 10, "machine": 15, "hostile": 10}
BOUNCE = Template(
    """\
From: MAILER-DAEMON@mail.example
To: privacy@nexoris.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <$number@mix.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; $address
Action: failed
Status: 5.1.1
--b--
""".replace("\n", "\r\n")
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: its kind, and the bytes handed to the mail server."""

    kind: str
    raw: bytes


def mixture(count: int, seed: int) -> list[Delivery]:
    """`count` deliveries, the same for the same seed. A copy repeats any earlier message that a person wrote."""
    draw = random.Random(seed)
    kinds = draw.choices(list(SHARES), list(SHARES.values()), k=count)
    made: list[Delivery] = []
    for number, kind in enumerate(kinds):
        earlier = [delivery.raw for delivery in made if delivery.kind == "request"]
        if kind == "copy" and earlier:
            made.append(Delivery("copy", draw.choice(earlier)))
        elif kind == "hostile":
            made.append(Delivery("hostile", draw.choice(HOSTILE)(number)))
        else:
            made.append(
                Delivery("request" if kind == "copy" else kind, WRITERS.get(kind, _request)(number, draw))
            )
    return made


def _mail(number: int, sender: str, subject: str, text: str, **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, MAILBOX, subject
    message["Message-ID"] = f"<{number}@mix.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def _person(number: int) -> str:
    return f"Camille Durand <camille-{number}@mail.example>"


def _request(number: int, draw: random.Random) -> bytes:
    rights, subject, text = draw.choice([request for request in REQUESTS if len(request[2]) > 40])
    del rights
    return _mail(number, _person(number), subject or "Bonjour", f"{text}\n\nCamille Durand\n")


def _reply(number: int, draw: random.Random) -> bytes:
    """An answer to a letter that is not ours, in a case that may be anybody's."""
    case = f"DSR-2026-{draw.randint(1, 50):04d}"
    return _mail(
        number,
        _person(draw.randint(0, number)),
        f"Re: [{case}] Votre demande",
        "Merci pour votre réponse.\n",
        In_Reply_To=f"<dsr-{number}@elsewhere.example>",
    )


def _bounce(number: int, draw: random.Random) -> bytes:
    return BOUNCE.substitute(number=number, address=f"x{draw.randint(1, 9999)}@mail.example").encode()


def _machine(number: int, draw: random.Random) -> bytes:
    if draw.random() < 0.5:
        return _mail(
            number,
            f"news-{number}@shop.example",
            "Nos offres de novembre",
            "Découvrez nos promotions de la semaine.\n",
            List_Unsubscribe="<mailto:leave@shop.example>",
            List_Id="<news.shop.example>",
            Precedence="bulk",
        )
    return _mail(
        number,
        _person(number),
        "Absence du bureau",
        "Je suis absente jusqu'à lundi.\n",
        Auto_Submitted="auto-replied",
    )


WRITERS = {"request": _request, "reply": _reply, "bounce": _bounce, "machine": _machine}
_PARTS = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
HOSTILE = [
    lambda number: b"",
    lambda number: b"Subject: no end",
    lambda number: b"\x00\xff\xfe" * 300 + str(number).encode() + b"\r\n",
    lambda number: (
        b"From: =?unknown-8bit?q?=ff?=\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe\r\n"
    ),
    lambda number: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + _PARTS * 300 + b"--b--\r\n",
    lambda number: b"Content-Type: message/rfc822\r\n\r\n" * 60 + b"Subject: deep\r\n\r\nx\r\n",
    lambda number: b"From: " + b"(" * 5000 + b"\r\nSubject: " + b"=?utf-8?q?a?= " * 500 + b"\r\n\r\nx\r\n",
    lambda number: (
        b'Subject: DSR-2026-0001\' OR 1=1; --\r\nFrom: "\r\nBcc: x@y.example" <a@b>\r\n\r\n{{7*7}}\r\n'
    ),
    lambda number: (
        b"Content-Type: text/html\r\nFrom: h@h.example\r\n\r\n"
        + b"<div>" * 3000
        + str(number).encode()
        + b"\r\n"
    ),
    lambda number: (
        b"Message-ID: <used-again@mix.example>\r\nFrom: thief@h.example\r\n\r\nPlease send me my data %d\r\n"
        % number
    ),
]
