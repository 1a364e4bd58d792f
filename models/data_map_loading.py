"""Reads the folder of the data map and names file, line and key of every error; reading again changes nothing.

A map that cannot be read whole is not read at all (DESIGN.md 4.8): a key nobody understood might be the one that
kept somebody's data out of an answer.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel, ValidationError

from models.controller import Controller
from models.data_map import CsvSystem, DataMap, ManualSystem, SqlSystem, System
from models.data_map_rules import Fault, controller_faults, system_faults
from models.errors import NeedsHuman

CONTROLLER = "controller.yaml"
KINDS: dict[str, type[SqlSystem | CsvSystem | ManualSystem]] = {
    "sql": SqlSystem,
    "csv": CsvSystem,
    "manual": ManualSystem,
}
HINTS = {
    "extra_forbidden": "unknown key: correct its spelling or remove it",
    "missing": "missing key: add it",
    "string_type": "write text here, in quotes where YAML reads it otherwise",
}


class Page(NamedTuple):
    """One file: its name as people know it, what it says, and the line of each key."""

    name: str
    data: Any
    lines: dict[tuple[str, ...], int]


def load_data_map(folder: Path) -> DataMap:
    """`controller.yaml` and one file per system. Raises `NeedsHuman` listing every error, one a line.

    Read anew only when a file has changed.
    """
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return _load(folder, tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


@lru_cache(maxsize=4)
def _load(folder: Path, _as_it_stands: tuple[tuple[Path, int, int], ...]) -> DataMap:
    if not (folder / CONTROLLER).is_file():
        raise NeedsHuman(f"{folder.name}/{CONTROLLER} is missing: write it or name another folder")
    errors = [
        f"{folder.name}/{path.name}: only .yaml files are read: rename or move it"
        for path in sorted(folder.iterdir())
        if path.suffix != ".yaml" and not path.name.startswith(".")
    ]
    values: dict[str, Any] = {}
    pages: dict[str, Page] = {}
    for path in sorted(folder.glob("*.yaml")):
        page, faults = _read(path)
        if not faults:
            values[path.stem], faults = _build(path, page.data)
            pages[path.stem] = page
        errors += _sentences(page, faults)
    controller = values.pop("controller", None)
    if controller is not None:
        errors += _sentences(pages["controller"], controller_faults(controller))
    for name, system in values.items():
        if system is not None:
            errors += _sentences(pages[name], system_faults(name, system, controller))
    if errors:
        raise NeedsHuman("\n".join(errors))
    return DataMap(controller=controller, systems=values)


def _read(path: Path) -> tuple[Page, list[Fault]]:
    name = f"{path.parent.name}/{path.name}"
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except UnicodeDecodeError:
        return Page(name, None, {}), [Fault((), "the file is not UTF-8: save it as UTF-8")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not readable as YAML"
        return Page(name, None, {(): mark.line + 1 if mark else 1}), [Fault((), f"syntax: {problem}")]
    if not isinstance(node, yaml.MappingNode):
        return Page(name, None, {}), [Fault((), "the file must hold keys and values")]
    lines: dict[tuple[str, ...], int] = {}
    faults = list(_walk(node, (), lines, set()))
    try:
        data = None if faults else loader.construct_document(node)
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Page(name, None, {(): line}), [Fault((), f"syntax: {error.problem}")]
    return Page(name, data, lines), faults


def _walk(
    node: yaml.Node, at: tuple[str, ...], lines: dict[tuple[str, ...], int], seen: set[int]
) -> Iterator[Fault]:
    """Notes the line of every key; aliases are refused because a small file of them can mean a huge one."""
    if id(node) in seen:
        yield Fault(at, "aliases are not read here: write the value out")
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            here = (*at, str(number))
            lines[here] = item.start_mark.line + 1
            yield from _walk(item, here, lines, seen)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*at, str(key.value))
            if here in lines:
                yield Fault(here, f"duplicate key, first on line {lines[here]}: keep one")
            lines[here] = key.start_mark.line + 1
            yield from _walk(value, here, lines, seen)


def _build(path: Path, data: Mapping[str, Any]) -> tuple[Controller | System | None, list[Fault]]:
    model: type[BaseModel] | None = Controller
    if path.name != CONTROLLER:
        model = KINDS.get(str(data.get("kind")))
    if model is None:
        return None, [Fault(("kind",), f"write one of {', '.join(KINDS)}")]
    try:
        return model.model_validate(data), []  # type: ignore[return-value]  # one of the four models
    except ValidationError as error:
        return None, [
            Fault(
                tuple(str(part) for part in item["loc"] if part != "[key]"),
                HINTS.get(item["type"], item["msg"].removeprefix("Value error, ")),
            )
            for item in error.errors(include_url=False, include_input=False)
        ]


def _sentences(page: Page, faults: list[Fault]) -> list[str]:
    return [
        f"{page.name}:{_line(page, fault.at)} {'.'.join(fault.at) or 'file'}: {fault.what}"
        for fault in faults
    ]


def _line(page: Page, at: tuple[str, ...]) -> int:
    """The line of the key, or of the nearest key above it: a missing key has no line of its own."""
    while at and at not in page.lines:
        at = at[:-1]
    return page.lines.get(at, 1)
