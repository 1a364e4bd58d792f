"""What an officer reads above a form in the Prefect UI: Markdown, leading with what matters.

Reads only. Values are written as literal text: a name cannot become a link, a heading or HTML.
"""

import re
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from models.alerts import reply_due
from models.calendar import Language
from models.case_clock import deadlines_of
from models.choice_words import WORDS
from models.deadline_explanation import explain
from models.letters import one_line
from models.map_in_words import place_in_words
from models.questions import Choice, ground_in_words, ground_of_key, searched
from models.settings import settings
from models.storage import sha256
from models.tables import Decision, FindingRow
from tasks.clock.ask_scope import is_large, scope_asked
from tasks.clock.pauses import open_pauses, too_late_to_pause
from tasks.identify import search_identifiers
from tasks.letters.correspondence import case_link
from tasks.letters.render import TEMPLATES, say_date
from tasks.mail.mandates import mandate_of
from tasks.search_systems import data_map, load_findings
from tasks.steps import Scene

JOINER = "\u2060"
LINKED = re.compile(r"www(?=\.)|:(?=//)|@", re.IGNORECASE)
MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&:@/])")


def literal(text: object) -> str:
    """Return `text` on one line with every Markdown sign escaped, and with nothing a browser would make a link of.

    Prefect's V2 pages make links of bare addresses even where their signs are escaped; an invisible joiner prevents it.
    """
    return MARKUP.sub(r"\\\1", LINKED.sub(f"\\g<0>{JOINER}", one_line(str(text))))


def code(text: object) -> str:
    """Return `text` on one line as a code span: what somebody may want to copy, such as an address, unchanged."""
    shown = one_line(str(text)).replace("`", "'").strip()
    return f"`{shown}`" if shown else ""


@cache
def environment(language: Language) -> SandboxedEnvironment:
    """Return the templates of the forms' texts."""
    made = SandboxedEnvironment(
        loader=FileSystemLoader([Path(__file__).parent / "form_templates", TEMPLATES / language]),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown: `md` escapes, HTML would show as text
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["md"] = literal
    made.filters["code"] = code
    made.filters["date"] = partial(say_date, language)
    return made


def review_text(scene: Scene, rows: list[FindingRow], sent_back: str) -> str:
    """Return the summary of one round of discovery: who, what was found where, what is missing, both dates."""
    return render_text(
        scene,
        "review",
        sent_back=sent_back,
        found=searched(rows),
        rows=rows,
        texts=sum(row.to_review for row in rows),
        columns=[f"{name} = {_in_words(name)}" for name in columns_to_read(rows)],
        searched_for=[identifier.value for identifier in search_identifiers(scene.case)],
        fingerprint=fingerprint(rows),
        large=is_large(rows),
        scope=scope_asked(scene),
    )


def identity_text(scene: Scene, why: str, not_asked: dict[str, str], sent_back: str) -> str:
    """Return what is known about who asks, and for whom.

    `why`: unknown, flooded, expired, void, found or mandate; after a question, answered or silent.
    """
    mandate = mandate_of(scene.session, scene.case)
    return render_text(scene, "identity", why=why, not_asked=not_asked, sent_back=sent_back, mandate=mandate)


def second_text(scene: Scene, decision: Decision, sent_back: str) -> str:
    """Return what another officer decided, for whoever confirms it."""
    ground = ground_of_key(str(decision.answers.get("ground", "")))
    return render_text(
        scene,
        "second",
        right=scene.request.right,
        decision=decision,
        choice=getattr(WORDS[Choice(decision.choice)], officer_language()),
        ground=ground_in_words(ground, officer_language()) if ground else "",
        sent_back=sent_back,
    )


def officer_language() -> Language:
    """Return the language of what officers read."""
    return "fr" if settings().officer_language == "fr" else "en"


def render_text(scene: Scene, name: str, **facts: Any) -> str:
    """Return a form's text from its template, with what every form knows of the case."""
    language = officer_language()
    dates = deadlines_of(scene.session, scene.case, scene.now)
    titles = {key: getattr(spec.title, language) for key, spec in data_map().systems.items()}
    return (
        environment(language)
        .get_template(f"{name}.{language}.md.j2")
        .render(
            ref=scene.case.ref,
            name=scene.case.requester_name,
            address=scene.case.requester_address,
            verified=scene.case.verified_address,
            evidence=scene.case.identity_evidence,
            dates=dates,
            due=reply_due(dates),
            explanation=explain(dates, language),
            pause_is_late=too_late_to_pause(dates, scene.now),
            stopped=[verdict for scope in ("identity", "scope") for verdict in open_pauses(dates, scope)],
            titles=titles,
            link=case_link(scene.case),
            **facts,
        )
    )


def columns_to_read(rows: list[FindingRow]) -> list[str]:
    """Return `system.table.column` of every text that may speak of third parties (law.md T2)."""
    findings = load_findings([row for row in rows if row.to_review])
    return sorted(
        {
            f"{finding.system}.{record.table}.{column}"
            for finding in findings
            for record in finding.records
            for column in record.to_review
        }
    )


def _in_words(name: str) -> str:
    system, _, what = name.partition(".")
    return place_in_words(data_map(), system, what, officer_language())


def fingerprint(rows: list[FindingRow]) -> str:
    """Return the SHA-256 over a round's findings: what an approval approves."""
    return sha256("\n".join(f"{row.system} {row.sha256}" for row in rows).encode())
