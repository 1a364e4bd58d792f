"""Learns the weights of the second opinion from the example sentences: `python -m tasks.classifier.learn_opinion`.

A logistic regression by stochastic descent, in the standard library; the same sentences give the same weights. Run it
after a change of `tasks/classifier/examples/` or `opinion_concepts.yaml`, and commit the result.
"""

import json
import math
import random
from collections import defaultdict
from pathlib import Path

import yaml

from tasks.classifier.second_opinion import FOLDER, WEIGHTS, features, softmax

ROUNDS = 12
STEP = 0.5
CONSTANT_STEP = 0.05
SMALL = 0.003  # an error below it teaches nothing
DIGITS = 2

Examples = list[tuple[str, list[str]]]
Weights = dict[str, dict[str, float]]


def main() -> None:
    """Writes the weights beside the module that uses them."""
    write(learn(examples(FOLDER / "examples")), WEIGHTS)


def examples(folder: Path) -> Examples:
    """Label and features of every sentence in the files of `folder`."""
    found: Examples = []
    for path in sorted(folder.glob("*.yaml")):
        for label, lines in yaml.safe_load(path.read_text("utf-8")).items():
            found += [(label, sorted(features(line))) for line in lines.splitlines()]
    return found


def learn(taught: Examples) -> Weights:
    """Weights by feature and label; the constants stand under the empty name."""
    chance = random.Random(1)  # noqa: S311  # the same order every time
    order = list(taught)
    labels = sorted({label for label, _ in order})
    weights: Weights = defaultdict(lambda: dict.fromkeys(labels, 0.0))
    weights[""] = dict.fromkeys(labels, 0.0)
    for _ in range(ROUNDS):
        chance.shuffle(order)
        for label, found in order:
            _correct(weights, label, found)
    rounded = {
        name: {label: round(value, DIGITS) for label, value in row.items()} for name, row in weights.items()
    }
    return {
        name: {label: value for label, value in row.items() if value or not name}
        for name, row in sorted(rounded.items())
    }


def _correct(weights: Weights, label: str, found: list[str]) -> None:
    """One step towards the right answer for one sentence."""
    scale = 1 / math.sqrt(max(1, len(found)))
    scores = {
        name: constant + scale * sum(weights[feature][name] for feature in found)
        for name, constant in weights[""].items()
    }
    for name, share in softmax(scores).items():
        error = share - (name == label)
        if abs(error) < SMALL:
            continue
        weights[""][name] -= CONSTANT_STEP * error
        for feature in found:
            weights[feature][name] -= STEP * scale * error


def write(weights: Weights, path: Path) -> None:
    """One feature a line, so that a difference can be read."""
    lines = (f"{json.dumps(name)}: {json.dumps(row, sort_keys=True)}" for name, row in weights.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
