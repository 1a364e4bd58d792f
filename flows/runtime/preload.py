"""Everything a run needs, imported and warmed up once in the fork server, so that no run has to.

Nothing here looks at the settings: each run reads its own.
"""

from datetime import UTC, datetime

import flows.access
import flows.consent_withdrawal
import flows.erasure
import flows.intake
import flows.lift_restrictions
import flows.objection
import flows.portability
import flows.recover
import flows.rectification
import flows.report
import flows.restriction
import flows.runtime.execute
import flows.watch_deadlines  # noqa: F401
from models.calendar import public_holidays
from models.data_map_loading import load_data_map
from models.errors import NeedsHuman
from models.settings import REPOSITORY
from tasks.forms.form_texts import environment as form_environment
from tasks.letters.render import environment as letter_environment


def _warm_up() -> None:
    this_year = datetime.now(UTC).year
    for year in (this_year, this_year + 1):
        public_holidays(year)
    for environment, own in ((form_environment, ".md.j2"), (letter_environment, ".j2")):
        for language in ("fr", "en"):
            templates = environment(language)
            for name in templates.list_templates(
                filter_func=lambda name: name.endswith(own) and not name.startswith(("fr/", "en/"))  # noqa: B023  # used at once
            ):
                templates.get_template(name)
    try:
        load_data_map(REPOSITORY / "data_map")
    except NeedsHuman:
        return  # the run that needs it says what is wrong


_warm_up()
