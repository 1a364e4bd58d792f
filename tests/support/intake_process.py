"""The intake as a process that can be killed: what its flow does, again and again, without Prefect around it."""

import sys
import time
from datetime import UTC, datetime

from models.errors import Retryable
from tasks.mail.take_in import take_in_all


def main() -> None:
    """Say so when it begins, then take in for ever."""
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    while True:
        try:
            for _ in take_in_all(datetime.now(UTC)):
                pass
        except* Retryable as errors:  # the mail server is busy: the next round
            sys.stderr.write(f"{errors.exceptions}\n")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
