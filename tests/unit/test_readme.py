"""The documents point at what is there: every link leads to a file, every `file::test` names a test."""

import ast
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *(REPOSITORY / "docs").rglob("*.md")]
)
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)>\s]+)>?[^)]*\)|(?:src|href)=\"([^\"]+)\"")
PROOF = re.compile(r"([\w./-]+\.py)::(\w+)")
ELSEWHERE = ("http://", "https://", "mailto:", "#")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)


def prose(document: Path) -> str:
    return CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))


@cache
def names_of_tests(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


@each_document
def test_every_link_leads_to_a_file(document: Path) -> None:
    targets = [first or second for first, second in LINK.findall(prose(document))]
    local = [unquote(target.partition("#")[0]) for target in targets if not target.startswith(ELSEWHERE)]
    missing = [target for target in local if not (document.parent / target).exists()]
    assert not missing


@each_document
def test_every_proof_is_a_test(document: Path) -> None:
    named = PROOF.findall(prose(document))
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (REPOSITORY / file).is_file() or name not in names_of_tests(REPOSITORY / file)
    ]
    assert not missing


def test_every_promise_has_a_proof() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Promises")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert rows
    assert not [row for row in rows if not PROOF.search(row)]
