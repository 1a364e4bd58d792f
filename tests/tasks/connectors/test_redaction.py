"""Finding and taking out a person’s identifiers: all of their forms, and nobody else’s."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.records import Identifier
from tasks.connectors.redaction import contains, pattern, redacted

ANN = [
    Identifier(kind="email", value=" Ann.Lee@a.example "),
    Identifier(kind="phone", value="+33 1 99 00 99 01"),
    Identifier(kind="client_number", value="C-12"),
    Identifier(kind="name", value="Ann  Lé"),
]
FOUND = [
    "ann.lee@a.example", "<ANN.LEE@A.EXAMPLE>", "mailto:ann.lee@a.example.", "?to=ann.lee%40a.example&x=1",
    "to%3Dann.lee%40a.example", "0199009901", "01.99.00.99.01", "+33199009901", "0033 1 99 00 99 01", "+33 (0)1 99 00 99 01",
    "client c-12,", "ANN LÉ", "ann\u00a0le\u0301", '{"a": ["x", {"ann.lee@a.example": 1}]}', '["\\u0061nn.lee@a.example"]',
]  # fmt: skip
OTHERS = [
    "joann.lee@a.example", "x-ann.lee@a.example", "ann.lee@a.exampleville", "ann.lee@b.example", "annxlee@a.example",
    "5019900990122", "01 99 00 99 02", "C-123", "XC-12", "Joann Lé", "Ann Lévy", "", "{", "[]", "[1, 2",
]  # fmt: skip


@pytest.mark.parametrize("text", FOUND)
def test_every_form_is_found_and_taken_out(text: str):
    for value in (text, [text], {"a": {"b": [text]}}, {text: 1}, text.encode()):
        assert contains(value, pattern(ANN))
        if not isinstance(value, bytes):
            assert not contains(redacted(value, pattern(ANN)), pattern(ANN))
    assert len(redacted(text, pattern(ANN))) <= len(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_looks_like_it_is_left_alone(text: str):
    for value in (text, [text, 1, None, True, 1.5], {text: {"b": text}}):
        assert not contains(value, pattern(ANN))
        assert redacted(value, pattern(ANN)) == value


@pytest.mark.parametrize("value", [None, True, 3, 1.5, "text", b"\xff", ["x"], {"a": None}])
def test_where_there_is_nothing_to_look_for_nothing_changes(value: Any):
    for nothing in ([], [Identifier(kind="email", value="  ")], [Identifier(kind="name", value="\ud800")]):
        assert pattern(nothing) is None
        assert not contains(value, pattern(nothing))
        assert redacted(value, pattern(nothing)) == value


def test_the_words_of_a_name_count_only_where_asked():
    name = [Identifier(kind="name", value="Marie de La Tour")]
    assert redacted("Mission Tour : la tournée de marie", pattern(name, name_parts=True)) == (
        "Mission *** : la tournée de ***"
    )
    assert redacted("Mission Tour", pattern(name)) == "Mission Tour"


def test_numbers_in_json_and_the_length_of_short_identifiers():
    number = pattern([Identifier(kind="client_number", value="7")])
    assert redacted({"client": 7, "n": [17, 7.5, False]}, number) == {"client": "***", "n": [17, 7.5, False]}
    assert redacted("lot 7", number) == "lot *"


def test_json_stays_json():
    said = json.dumps({"Ann": 'said "ann.lee@a.example"', "n": 33199009901})
    assert json.loads(redacted(said, pattern(ANN))) == {"Ann": 'said "***"', "n": "***"}


@pytest.mark.parametrize("depth", [500, 100_000])
def test_a_deeply_nested_text_is_read_without_harm(depth: int):
    assert not contains("[" * depth + "]" * depth, pattern(ANN))


TEXT = st.lists(st.sampled_from([*FOUND, *OTHERS, " ", ",", "\n", "é"]), max_size=6).map(" ".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3) | inner.map(json.dumps)
    ),
)


@given(VALUES)
def test_afterwards_nothing_is_found_and_twice_is_once(value: Any):
    for name_parts in (False, True):
        sought = pattern(ANN, name_parts=name_parts)
        once = redacted(value, sought)
        assert not contains(once, sought)
        assert redacted(once, sought) == once
        assert once == value or contains(value, sought)


@given(st.text(min_size=1), st.sampled_from(["email", "phone", "name", "client_number"]), st.text())
def test_any_identifier_is_only_compared(value: str, kind: str, text: str):
    sought = pattern([Identifier(kind=kind, value=value)], name_parts=True)
    assert not contains(redacted(text, sought), sought)
