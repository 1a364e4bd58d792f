"""The layout of the repository, read from its files: direction of imports, top level, length, prefect.yaml's index.

Files are parsed, never imported; reading them again changes nothing.
"""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("flows", "tasks", "models", "web")
NETWORK = {"httpx", "aiosmtplib", "imap_tools", "smtplib", "imaplib", "requests", "socket", "urllib3"}
# Which names a room may not import, with everything below them.
FORBIDDEN = {
    "models": {"tasks", "flows", "web", "cli", "prefect", "aiosmtpd", "fastapi", "starlette", *NETWORK},
    "tasks": {"flows", "web", "cli", "prefect", "fastapi", "starlette"},
    "web": {"flows", "cli", "prefect"},
    "flows": {"web", "cli", "bench"},
}
TOP_LEVEL = {
    *("README.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml", "requirements.lock"),
    *("prefect.yaml", ".env.example", ".gitignore", ".gitattributes", ".ci", ".git"),
    *("data_map", "flows", "tasks", "models", "email_templates", "web", "cli", "bench", "docs", "tests"),
}
ROOM_OF_NO_NAME = {"utils", "util", "helpers", "helper", "common", "manager", "service", "services", "misc"}
LONGEST_FILE = 300


def sources(*rooms: str) -> list[Path]:
    files = [file for room in rooms for file in (REPOSITORY / room).rglob("*.py")]
    return sorted(file for file in files if "versions" not in file.parts)


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, those inside functions too."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_in_one_direction(room: str) -> None:
    wrong = [
        f"{file.relative_to(REPOSITORY)}:{line} imports {name}"
        for file in sources(room)
        for line, name in imported(file)
        if name.partition(".")[0] in FORBIDDEN[room] or name.startswith(("..", "urllib.request"))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    lines = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.strip("/") for line in lines if line.strip()]
    present = {
        path.name
        for path in REPOSITORY.iterdir()
        if not any(fnmatch(path.name, pattern) for pattern in ignored)
    }
    assert present <= TOP_LEVEL


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [file.relative_to(REPOSITORY) for file in sources(*ROOMS, "cli", "tests", "bench")]
    assert not [str(file) for file in named if {file.stem, *file.parts} & ROOM_OF_NO_NAME]


def test_no_file_is_too_long_to_read() -> None:
    files = sources(*ROOMS, "cli", "tests", "bench")
    long = {
        str(file.relative_to(REPOSITORY)): length
        for file in files
        if (length := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long


def deployed() -> list[str]:
    index = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text(encoding="utf-8"))
    return [str(deployment["entrypoint"]) for deployment in index["deployments"]]


def flows_of(file: Path) -> set[str]:
    """Names of the functions in a file that are decorated with Prefect's `flow`."""
    tree = parsed(file)
    names_of_flow = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "prefect"
        for alias in node.names
        if alias.name == "flow"
    }
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if isinstance(called := decorator.func if isinstance(decorator, ast.Call) else decorator, ast.Name)
        and called.id in names_of_flow
    }


def test_every_entrypoint_is_the_module_path_of_a_flow() -> None:
    for entrypoint in deployed():
        module, _, name = entrypoint.rpartition(".")
        file = REPOSITORY.joinpath(*module.split(".")).with_suffix(".py")
        assert file.is_file(), f"{entrypoint}: there is no {file.relative_to(REPOSITORY)}"
        assert name in flows_of(file), f"{entrypoint} is no flow"


def test_every_flow_is_deployed_once() -> None:
    defined = [
        ".".join(file.relative_to(REPOSITORY).with_suffix("").parts) + f".{name}"
        for file in sources("flows")
        for name in flows_of(file)
    ]
    assert sorted(deployed()) == sorted(defined)
