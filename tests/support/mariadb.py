"""A real MariaDB for tests: unprivileged, reached through a socket only, in a folder of its own that is removed at the end."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.require import missing

READY_SECONDS = 60.0
# Started by root, as in a container, it runs as an account that owns nothing.
UNPRIVILEGED = "nobody"


@contextmanager
def mariadb() -> Iterator[str]:
    """The SQLAlchemy URL of a started server, with `{}` for a database's name; it is stopped at the end."""
    server, install = _binary("mariadbd"), _binary("mariadb-install-db")
    if not server or not install:
        missing("MariaDB", "install Debian's package mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="dsr-mariadb-", dir="/tmp"))
    account = UNPRIVILEGED if os.geteuid() == 0 else getpass.getuser()
    shutil.chown(folder, account)
    data = [f"--datadir={folder / 'data'}", f"--user={account}"]
    process = None
    try:
        _prepare([install, "--no-defaults", *data, "--auth-root-authentication-method=normal"])
        process = subprocess.Popen(
            [
                server, "--no-defaults", *data, f"--socket={folder / 'socket'}", "--skip-networking",
                f"--pid-file={folder / 'pid'}", f"--log-error={folder / 'log'}", "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        _wait(folder / "socket", process, folder / "log")
        yield f"mariadb+pymysql://root@localhost/{{}}?unix_socket={folder / 'socket'}"
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(READY_SECONDS)
        shutil.rmtree(folder)


def _binary(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def _prepare(command: list[str]) -> None:
    done = subprocess.run([*command, "--skip-test-db"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"MariaDB's tables were not made: {done.stdout}{done.stderr}")


def _wait(path: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it greets whoever connects."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
            connection.connect(str(path))
            if connection.recv(1):
                return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError(f"MariaDB did not start: {log.read_text() if log.exists() else 'no log'}")
