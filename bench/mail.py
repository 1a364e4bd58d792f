"""Scores reading and classifying mail on a labelled corpus: `python -m bench.mail [--errors]`.

The corpus is the folder named by DSR_CORPORA, else `../shared/corpora` beside the repository; it is no part of the
repository. Measures are those of the corpus's own README. Reads only.
"""

import csv
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.throughput import throughput
from models.classification import Classification, Kind
from models.errors import Rejected
from models.rights import Right
from tasks.classifier.classify import classify
from tasks.classifier.classify_files import UNREADABLE
from tasks.mail.read_mail import read_mail

KINDS = {"followup": "follow_up", "other_gdpr": "needs_review"}
MEASURED_LANGUAGES = {"fr", "en", "de", "es", "it", "nl"}


@dataclass(frozen=True)
class Answer:
    """One labelled message and what we say of it."""

    folder: str
    label: dict[str, str]
    found: Classification

    @property
    def kind(self) -> str:
        return self.label["kind"]


def corpus() -> Path | None:
    """The corpus folder, if there is one."""
    default = Path(__file__).resolve().parents[2] / "shared" / "corpora"
    folder = Path(os.environ.get("DSR_CORPORA", default))
    return folder if (folder / "letters" / "labels.csv").is_file() else None


def main() -> None:
    """Prints the table; one sentence where there is no corpus."""
    folder = corpus()
    if folder is None:
        print("No mail corpus here: set DSR_CORPORA to its folder to measure.")
        return
    answers = [answer for name in ("letters", "negatives") for answer in _answers(folder / name)]
    others = {name: [found for _, found in _classified(folder / name)] for name in ("mime", "replies")}
    tables = (_kinds(answers), _rights(answers), _people(answers), _robustness(folder, others))
    for rows in (*tables, throughput(_measured(folder))):
        for measure, value in rows:
            print(f"{measure:<36} {value}")
    print()
    print_rights_by_language(answers)
    if "--errors" in sys.argv:
        _print_errors(answers)


def _measured(folder: Path) -> list[bytes]:
    """The messages whose handling is timed: all letters and negatives."""
    return [
        path.read_bytes()
        for name in ("letters", "negatives")
        for path in sorted((folder / name).glob("*.eml"))
    ]


def print_rights_by_language(answers: list[Answer]) -> None:
    """A row for each right, a column for each language: true positives, false positives and false negatives."""
    columns = (*sorted(MEASURED_LANGUAGES, key=["fr", "en", "de", "es", "it", "nl"].index), "other", "all")
    counts: dict[tuple[str, str], Counter[str]] = {}
    for answer in answers:
        language = answer.label.get("lang", "").split("+")[0]
        language = language if language in MEASURED_LANGUAGES else "other"
        for right, outcome in _outcomes(answer):
            for column in (language, "all"):
                counts.setdefault((right, column), Counter())[outcome] += 1
    print("rights by language: tp/fp/fn")
    print(f"{'':<20}" + "".join(f"{column:>10}" for column in columns))
    for right in Right:
        cells = [counts.get((right, column)) for column in columns]
        print(f"{right:<20}" + "".join(f"{_cell(cell):>10}" for cell in cells))


def _cell(count: Counter[str] | None) -> str:
    return f"{count['tp']}/{count['fp']}/{count['fn']}" if count else "-"


def _outcomes(answer: Answer) -> list[tuple[Right, str]]:
    """For each right that counts: tp, fp or fn; a found right that is only optional counts for nothing."""
    if answer.kind != "request":
        return []
    required = set(filter(None, answer.label["rights"].split(";")))
    optional = set(filter(None, answer.label["rights_optional"].split(";")))
    outcomes = []
    for right in Right:
        found = right in answer.found.rights
        if right in required:
            outcomes.append((right, "tp" if found else "fn"))
        elif found and right not in optional:
            outcomes.append((right, "fp"))
    return outcomes


def _answers(folder: Path) -> list[Answer]:
    return [Answer(folder.name, label, found) for label, found in _classified(folder)]


def _classified(folder: Path) -> list[tuple[dict[str, str], Classification]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    return [(label, _classify(_raw(folder / label["file"], label.get("format", "eml")))) for label in labels]


def _raw(path: Path, form: str) -> bytes:
    """The message; a reply that is only a body is put into a minimal one."""
    content = path.read_bytes()
    if form in {"text", "html"}:
        kind = "html" if form == "html" else "plain"
        return b"MIME-Version: 1.0\r\nContent-Type: text/%s; charset=utf-8\r\n\r\n" % kind.encode() + content
    return content


def _classify(raw: bytes) -> Classification:
    try:
        return classify(read_mail(raw))
    except Rejected:
        return UNREADABLE


def _share(hits: Iterable[bool]) -> str:
    counted = Counter(hits)
    total = counted.total()
    return f"{counted[True] / total:7.1%}  ({counted[True]}/{total})" if total else "      -"


def _kinds(answers: list[Answer]) -> list[tuple[str, str]]:
    requests = [a for a in answers if a.kind == "request"]
    negatives = [a for a in answers if a.kind == "not_request"]
    human = [a for a in answers if a.kind != "not_request"]
    review = Kind.NEEDS_REVIEW
    said = [a for a in answers if a.found.kind is Kind.REQUEST and a.kind != "followup"]
    said += [a for a in negatives if a.found.kind is Kind.FOLLOW_UP]
    machines = [a for a in answers if a.label.get("category") in {"bounce", "auto_reply"}]
    letters = [a for a in answers if a.folder == "letters"]
    return [
        ("request recall (with review)", _share(a.found.kind in {Kind.REQUEST, review} for a in requests)),
        ("  answered request", _share(a.found.kind is Kind.REQUEST for a in requests)),
        ("request precision", _share(a.kind == "request" for a in said)),
        ("dropped", str(sum(a.found.kind is Kind.NOT_REQUEST for a in human))),
        ("review rate, all", _share(a.found.kind is review for a in answers)),
        ("review rate, requests", _share(a.found.kind is review for a in requests)),
        ("review rate, negatives", _share(a.found.kind is review for a in negatives)),
        (
            "follow-ups and others right",
            _share(a.found.kind == KINDS[a.kind] for a in human if a.kind in KINDS),
        ),
        ("machines found", _share(a.found.machine == a.label["category"] for a in machines)),
        ("letters taken for a machine", str(sum(a.found.machine is not None for a in letters))),
    ]


def _rights(answers: list[Answer]) -> list[tuple[str, str]]:
    counts: dict[Right, Counter[str]] = {right: Counter() for right in Right}
    for answer in answers:
        for right, outcome in _outcomes(answer):
            counts[right][outcome] += 1
    held = [count for count in counts.values() if count["tp"] + count["fn"]]
    rows = [
        ("rights micro F1", f"{_f1(sum(counts.values(), Counter())):7.1%}"),
        ("rights macro F1", f"{sum(map(_f1, held)) / max(1, len(held)):7.1%}"),
    ]
    for right, count in counts.items():
        rows.append(
            (f"  {right}", f"{_f1(count):7.1%}  (tp {count['tp']} fp {count['fp']} fn {count['fn']})")
        )
    return rows


def _f1(count: Counter[str]) -> float:
    total = 2 * count["tp"] + count["fp"] + count["fn"]
    return 2 * count["tp"] / total if total else 0.0


def _people(answers: list[Answer]) -> list[tuple[str, str]]:
    letters = [answer for answer in answers if answer.folder == "letters"]
    named = [a for a in letters if a.label["first_name"] or a.label["last_name"]]
    spoken = [a for a in letters if set(a.label["lang"].split("+")) & MEASURED_LANGUAGES]
    return [
        ("names exact", _share(name_right(a) for a in named)),
        ("nameless letters without a name", _share(name_right(a) for a in letters if a not in named)),
        ("language", _share(a.found.language in a.label["lang"].split("+") for a in spoken)),
    ]


def name_right(answer: Answer) -> bool:
    """Both names as labelled, but for case, spaces, kinds of apostrophe; accents too if only the address shows it."""
    loose = answer.label["name_source"] == "address"
    wanted = (answer.label["first_name"], answer.label["last_name"])
    got = (answer.found.first_name or "", answer.found.last_name or "")
    return all(_same(left, right, loose=loose) for left, right in zip(wanted, got, strict=True))


def _same(left: str, right: str, *, loose: bool) -> bool:
    def key(name: str) -> str:
        name = " ".join(name.casefold().replace("’", "'").replace("‐", "-").split())
        if not loose:
            return unicodedata.normalize("NFC", name)
        return "".join(char for char in unicodedata.normalize("NFKD", name) if char.isalnum())

    return key(left) == key(right)


def _robustness(folder: Path, others: dict[str, list[Classification]]) -> list[tuple[str, str]]:
    rows = [(f"{name}: messages answered", str(len(found))) for name, found in others.items()]
    rows += [
        (f"{name}: held for review", _share(f.kind is Kind.NEEDS_REVIEW for f in found))
        for name, found in others.items()
    ]
    expected = []
    with (folder / "replies" / "labels.csv").open(encoding="utf-8", newline="") as file:
        for label in csv.DictReader(file):
            if label["expected_reply"]:
                wanted = (folder / "replies" / label["expected_reply"]).read_text("utf-8", "replace")
                fresh = read_mail(_raw(folder / "replies" / label["file"], label["format"])).fresh_text
                expected.append(fresh.split() == wanted.split())
    return [*rows, ("replies: new text exact", _share(expected))]


def _print_errors(answers: list[Answer]) -> None:
    """File names only: the wording of the corpus stays out of every report."""
    for a in answers:
        wanted = KINDS.get(a.kind, a.kind)
        required = set(filter(None, a.label.get("rights", "").split(";")))
        optional = set(filter(None, a.label.get("rights_optional", "").split(";")))
        found = {str(right) for right in a.found.rights}
        problems = []
        if a.found.kind != wanted:
            problems.append(f"{wanted} as {a.found.kind}")
        if a.kind == "request" and (required - found or found - required - optional):
            problems.append(f"missing {sorted(required - found)} added {sorted(found - required - optional)}")
        if a.folder == "letters" and not name_right(a):
            problems.append("name")
        if a.folder == "letters" and a.found.language not in a.label["lang"]:
            problems.append(f"language {a.label['lang']} as {a.found.language}")
        if a.label.get("category") in {"bounce", "auto_reply"} and a.found.machine != a.label["category"]:
            problems.append(f"machine {a.found.machine}")
        if problems:
            print(f"  {a.label['file']}: {'; '.join(problems)}")


if __name__ == "__main__":
    main()
