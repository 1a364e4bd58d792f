"""A sample of the report to management, for golden files; figures of November 2026, invented."""

from datetime import date

from models.report import Report, ReportPart, ReportSection

CID = "standing.week-2026-W47@nexoris.com"
WORDS = {
    "fr": (
        "semaine 47 de 2026 (16 au 22 novembre 2026)",
        "Aujourd’hui, 23 novembre 2026",
        "Demandes sans réponse, selon le délai",
        "En retard\u00a0: au-delà de ce que permet la loi, prolongation comprise.",
        ("Délai", "Demandes"),
        (("Dans les temps", "12"), ("En retard", "1")),
        "Demandes reçues du 1er décembre 2025 au 23 novembre 2026",
        "Délais tenus par droit",
        "Les mêmes chiffres selon le droit exercé.",
        ("Droit", "Reçues", "En 30 jours, %"),
        (("Accès", "1\u202f204", "97,5\u00a0%"), ("Effacement", "0", "–")),
    ),
    "en": (
        "week 47 of 2026 (16 to 22 November 2026)",
        "Today, 23 November 2026",
        "Unanswered requests, by deadline",
        "Overdue: after what the law allows, an extension included.",
        ("Deadline", "Requests"),
        (("On time", "12"), ("Overdue", "1")),
        "Requests received from 1 December 2025 to 23 November 2026",
        "Deadlines met, by right",
        "The same figures by the right exercised.",
        ("Right", "Received", "Within 30 days, %"),
        (("Access", "1,204", "97.5%"), ("Erasure", "0", "–")),
    ),
}

ENCLOSED = {
    "fr": "les douze derniers mois, du 1er décembre 2025 au 23 novembre 2026",
    "en": "the last twelve months, from 1 December 2025 to 23 November 2026",
}


def report(language: str) -> Report:
    """A weekly report with a drawn table of one column and a table of two."""
    period, today, first, note, head, rows, year, second, note2, head2, rows2 = WORDS[language]
    said = ". ".join(f"{name}, {count}" for name, count in rows)
    standing = ReportSection(title=first, note=note, head=head, rows=rows, picture=CID, described=said)
    rights = ReportSection(title=second, note=note2, head=head2, rows=rows2)
    drawn = ReportSection(title=second, note=note2, head=head2[:1], rows=(), picture=CID, described=said)
    return Report(
        period=period,
        as_of=date(2026, 11, 23),
        late=1,
        broken=2,
        waiting=13,
        parts=(
            ReportPart(title=today, sections=(standing,)),
            ReportPart(title=year, sections=(rights, drawn)),
        ),
        enclosed=ENCLOSED[language],
        link="https://dsr.nexoris.example/sla",
    )
