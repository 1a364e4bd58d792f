"""Runs every benchmark of this folder: `python -m bench`."""

import importlib
import pkgutil

import bench


def main() -> None:
    """The `main()` of each module, in the order of their names."""
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name.startswith("_"):
            continue
        run = getattr(importlib.import_module(f"bench.{module.name}"), "main", None)
        if run is not None:
            print(f"== {module.name}")
            run()


if __name__ == "__main__":
    main()
