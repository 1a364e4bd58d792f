"""A real Dovecot 2.3 (LMTP and IMAP) for tests: unprivileged, on free ports of the loopback, in a folder of its own.

Every address exists and opens with PASSWORD, so that each test takes a mailbox nobody has used.
"""

import getpass
import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.support.certificate import Certificate, certificate
from tests.support.require import missing

PASSWORD = "let-me-read"
ACCENTS = "clé-été"  # opens the addresses of accents.example
DONE_FOLDER = "Traité"
READY_SECONDS = 20.0
# Started by root, as in a container, it runs as an account that owns nothing.
UNPRIVILEGED = "nobody"

CONFIGURATION = Template("""
protocols = imap lmtp
listen = 127.0.0.1
base_dir = $folder/run
state_dir = $folder/run
log_path = $folder/dovecot.log
$tls
auth_mechanisms = plain login
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
mail_uid = $user
mail_gid = $group
mail_location = maildir:$folder/mail/%u
passdb {
  driver = static
  mechanisms = plain login
  username_filter = *@accents.example
  args = password=$accents
}
passdb {
  driver = static
  mechanisms = plain login
  username_filter = !*@accents.example
  args = password=$password
}
$tokens
userdb {
  driver = static
  args = uid=$user gid=$group home=$folder/mail/%u allow_all_users=yes
}
mail_plugins = acl
plugin {
  acl = vfile
}
namespace inbox {
  inbox = yes
  mailbox Traité {
    auto = create
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $imap_port
  }
  inet_listener imaps {
    port = $imaps_port
    ssl = yes
  }
}
service lmtp {
  user = $user
  inet_listener lmtp {
    port = $lmtp_port
  }
}
protocol lmtp {
  postmaster_address = postmaster@example.org
}
""")

TLS = Template("""
ssl = yes
ssl_cert = <$folder/chain.pem
ssl_key = <$folder/key.pem
""")
TOKENS = Template("""
auth_mechanisms = $$auth_mechanisms xoauth2
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = $folder/oauth2.conf
}
""")
INTROSPECTION = Template("""
introspection_mode = post
introspection_url = $url
active_attribute = active
active_value = true
username_attribute = username
""")


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A server: where its files are, and its ports. `running` holds the process while there is one.

    `certificate` is what it shows on `imaps_port`; it signs itself.
    """

    folder: Path
    imap_port: int
    lmtp_port: int
    running: list[subprocess.Popen[bytes]]
    imaps_port: int
    certificate: Certificate | None


@contextmanager
def dovecot(introspection_url: str = "", *, tls: bool = False) -> Iterator[Dovecot]:
    """A started server, which is stopped and removed at the end. With a URL it takes access tokens, too, and asks there."""
    if not _binary():
        missing("Dovecot", "install dovecot-imapd and dovecot-lmtpd (apt-get, Debian 12: 2.3)")
    folder = Path(tempfile.mkdtemp(prefix="dsr-dovecot-", dir="/tmp"))
    imap_port, lmtp_port, imaps_port = _free_ports(3)
    shown = certificate(folder) if tls else None
    server = Dovecot(folder, imap_port, lmtp_port, [], imaps_port, shown)
    account = pwd.getpwnam(_account())
    (folder / "run").mkdir()
    (folder / "dovecot.conf").write_text(
        CONFIGURATION.substitute(
            folder=folder,
            user=account.pw_name,
            group=grp.getgrgid(account.pw_gid).gr_name,
            password=PASSWORD,
            accents=ACCENTS,
            tokens=TOKENS.substitute(folder=folder) if introspection_url else "",
            tls=TLS.substitute(folder=folder) if tls else "ssl = no",
            imap_port=imap_port,
            imaps_port=imaps_port if tls else 0,
            lmtp_port=lmtp_port,
        )
    )
    (folder / "oauth2.conf").write_text(INTROSPECTION.substitute(url=introspection_url))
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
    try:
        start(server)
        yield server
    finally:
        stop(server)
        shutil.rmtree(folder)


def start(server: Dovecot) -> None:
    """Start it, and return when both ports answer."""
    account = pwd.getpwnam(_account())
    command = [_binary(), "-F", "-c", str(server.folder / "dovecot.conf")]
    if os.geteuid() == 0:
        identity = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        command = ["setpriv", *identity, *command]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    server.running.append(process)
    for port in (server.imap_port, server.lmtp_port):
        _wait_for_greeting(port, process, server.folder / "dovecot.log")


def stop(server: Dovecot) -> None:
    """Stop it; not running is as good. Processes that serve a client outlive the master: they get the signal too."""
    for process in server.running:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(READY_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    server.running.clear()


def deliver(server: Dovecot, raw: bytes, recipient: str) -> None:
    """Hand `raw` over by LMTP, as a mail transfer agent does."""
    with smtplib.LMTP("127.0.0.1", server.lmtp_port, timeout=READY_SECONDS) as client:
        client.sendmail("somebody@client.example", [recipient], raw)


def restrict(server: Dovecot, address: str, rights: str) -> None:
    """Take every right to the inbox of `address` but these (RFC 4314), from its next opening on."""
    account = pwd.getpwnam(_account())
    file = server.folder / "mail" / address / "dovecot-acl"
    file.write_text(f"owner {rights}\n")
    os.chown(file, account.pw_uid, account.pw_gid)


def _account() -> str:
    return UNPRIVILEGED if os.geteuid() == 0 else getpass.getuser()


def _binary() -> str:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in held]
    for listener in held:
        listener.close()
    return ports


def _wait_for_greeting(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=READY_SECONDS) as connection:
                if connection.recv(1):
                    return
        except OSError:
            pass
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")
