"""Mutated messages by the thousand: nothing but Rejected is raised, and every verdict is what its type says."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.mail import corpus
from tests.support.delivery_reports import multipart_report, plain_report
from tests.support.fuzz_mail import check, mutated, seeds_of
from tests.support.mail_samples import BUSINESS, FOLLOW_UPS, REQUESTS, letter

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDED_RUNS = 3_000
SEEDED_RUNS = 2_000
SLOWEST = 10  # seconds of processor time for 20 kB, on any machine: a pattern that explodes takes minutes
OWN = [letter(subject, text) for _, subject, text in (*REQUESTS, *FOLLOW_UPS)] + [
    letter(*sample) for sample in BUSINESS
]
OWN += [multipart_report(OWN[0], "a@b.example"), plain_report("550 5.1.1 <a@b.example> unknown\n")]


@pytest.mark.long
def test_a_seeded_mutator_finds_nothing():
    folder = corpus()
    seeds = OWN + (seeds_of(folder / "mime") if folder else [])
    for raw in mutated(seeds, SEEDED_RUNS, seed=4):
        began = time.process_time()
        check(raw)
        assert time.process_time() - began < SLOWEST


@pytest.mark.long
def test_a_coverage_guided_run_finds_nothing(tmp_path):
    pytest.importorskip("atheris", reason="atheris is not installed for this Python")
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number, raw in enumerate(OWN):
        (seeds / str(number)).write_bytes(raw)
    limits = [
        f"-runs={GUIDED_RUNS}",
        "-seed=4",
        "-max_len=20000",
        f"-timeout={SLOWEST * 6}",
        "-print_final_stats=1",
    ]
    command = [sys.executable, "-m", "tests.support.fuzz_mail", str(seeds), *limits]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert ran.returncode == 0, ran.stderr[-4_000:]
