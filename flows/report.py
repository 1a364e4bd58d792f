"""Report to management: each day at seven, write the weekly and monthly reports that are due (law.md A1; GDPR 5(2)).

A report is written once, so running again writes nothing twice. The letters are the promise; the artifact in Prefect is a
courtesy, and is lost where the process dies between the two.
"""

import asyncio
import logging
from collections.abc import Iterable

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.beating import beating
from flows.runtime.clock import utc_now
from models.errors import NeedsHuman
from models.report import Period, Report
from tasks.figures.report_letter import markdown
from tasks.figures.write_report import unreachable, write_reports
from tasks.letters.send_letters import send_queued

log = logging.getLogger(__name__)


@flow(name="report", flow_run_name="report", persist_result=False)
@beating("report")
def report() -> None:
    """Write and send what is due; the run fails, after that, where a manager has no usable address."""
    written = write_reports(utc_now())
    publish(written)
    log.info("reports written: %s", ", ".join(period.key for period, _ in written) or "none")
    asyncio.run(send_queued(utc_now()))
    if written and (problem := unreachable()):
        raise NeedsHuman(problem)


def publish(written: Iterable[tuple[Period, Report]]) -> None:
    """Show each report in Prefect, as the newest version of `sla-week` or `sla-month`; it holds no personal data."""
    for period, one in written:
        create_markdown_artifact(markdown(one), key=f"sla-{period.kind}", description=one.period)
