"""Facts that every letter of a case needs, and the links it carries."""

from typing import Any

from models.calendar import paris_date
from models.controller import Controller
from models.data_map_loading import load_data_map
from models.settings import settings
from models.tables import Case, Request


def controller() -> Controller:
    """Return the controller's part of the data map."""
    return load_data_map(settings().data_map).controller


def requester_facts(case: Case) -> dict[str, Any]:
    """Return the fields that all letters to a requester share (law.md C5, C6)."""
    about = controller()
    return {
        "ref": case.ref,
        "received_on": paris_date(case.received_at),
        "name": case.requester_name,
        "privacy_address": about.privacy_contact.email,
        "controller": about.controller,
        "authority": about.supervisory_authority,
    }


def portal_link(door: str, token: str) -> str:
    """Return a page of the portal: `door` is identity, download or task."""
    return f"{settings().public_url.rstrip('/')}/{door}/{token}"


def case_link(case: Case) -> str:
    """Return the officer's page of a case."""
    return f"{settings().public_url.rstrip('/')}/desk/cases/{case.ref}"


def waiting_link() -> str:
    """Return Prefect's list of forms that wait for an officer, earliest due first: a run's name begins with its date.

    Only the V2 pages take tags and an order from their address; without a range they reach back to the beginning.
    """
    filters = "state=Suspended&tags=waits-for-officer&sort=NAME_ASC"
    return f"{settings().prefect_url.rstrip('/')}/v2/runs?{filters}"


def run_link(request: Request) -> str:
    """Return the page of a request's flow run in the Prefect UI, V2: there a form's summary can be read whole."""
    return f"{settings().prefect_url.rstrip('/')}/v2/runs/flow-run/{request.flow_run_id}"
