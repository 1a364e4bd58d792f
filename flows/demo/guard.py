"""The demo begins with an empty folder, so it must never meet a real installation's."""

import os
from pathlib import Path

from models.errors import Rejected

ITS_OWN = frozenset(
    {
        "DSR_DEMO",
        "DSR_HOME",
        "DSR_OFFICER_LANGUAGE",
        "DSR_PICTURES",
        "DSR_POLL_SECONDS",
        "DSR_PREFECT_PORT",
        "DSR_PREFECT_URL",
        "DSR_PUBLIC_URL",
        "DSR_SMTP_PORT",
        "DSR_WEB_PORT",
    }
)
MARK = "this-is-a-demo"


def refuse_real_installation(home: Path, environment_file: Path = Path(".env")) -> None:
    """Raise `Rejected` where settings of a real installation are around, or `home` holds something else than a demo."""
    foreign = sorted(name for name in os.environ if name.startswith("DSR_") and name not in ITS_OWN)
    if environment_file.exists() or foreign:
        what = str(environment_file) if environment_file.exists() else ", ".join(foreign)
        raise Rejected(
            f"the demo keeps away from a real installation, and {what} is here: run it somewhere else"
        )
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise Rejected(f"{home} holds something that is no demo: name another folder in DSR_HOME")


def mark(home: Path) -> None:
    """Note that this folder may be emptied by the next demo."""
    home.mkdir(parents=True)
    (home / MARK).touch()
