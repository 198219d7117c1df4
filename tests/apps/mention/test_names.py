"""Names: what counts as the same name, and what does not."""

from __future__ import annotations

import pytest

from apps.mention.memory.names import forms

SAME = (
    ("Alan Turing", "alan TURING"),
    ("J. S. Bach", "J.S. Bach"),
    ("Bach, Johann Sebastian", "Johann Sebastian Bach"),
    ("Vincent van Gogh", "Vincent Gogh"),
    ("Dr. Marie Curie", "Marie Curie"),
    ("Queen Elizabeth II", "Elizabeth II"),
    ("Curie’s", "Curie"),
    ("O'Brien", "O’Brien"),
    ("Jean-Paul Sartre", "Jean Paul Sartre"),
    ("Łukasz Żółw", "Lukasz Zolw"),
    ("Martin Luther King Junior", "Martin Luther King, Jr."),
    ("مُحَمَّد علي", "محمد علي"),
)
CALLED = (  # longer name, what its bearer is called too
    ("Johann Sebastian Bach", ("J. S. Bach", "J. Bach", "Bach", "Johann Bach", "Sebastian Bach", "Johann Sebastian")),
    ("Vincent van Gogh", ("van Gogh", "Gogh", "V. van Gogh", "Vincent")),
    ("Martin Luther King Jr.", ("Martin Luther King", "M. L. King", "King Jr.", "Dr. King", "King")),
    ("Elizabeth II", ("Queen Elizabeth",)),
    ("Владимир Ильич Ленин", ("Ленин", "В. И. Ленин", "Владимир Ильич")),
    ("محمد علي", ("علي",)),
    ("毛泽东", ("毛泽东",)),
    ("Mao Zedong", ("Mao", "Zedong")),
)
NOT_CALLED = (
    ("Johann Sebastian Bach", ("Christian Bach", "J. C. Bach", "B", "J. S.", "Sebastian Johann Bach")),
    ("Elizabeth II", ("Elizabeth I",)),
    ("Martin Luther King Jr.", ("Martin Luther King Sr.",)),
    ("Marie Curie", ("Pierre Curie", "Curi", "Cur")),
    ("毛泽东", ("毛", "泽东")),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_spelling(one: str, other: str) -> None:
    assert forms(one) == forms(other)


@pytest.mark.parametrize(("name", "shorter"), CALLED)
def test_shorter_names(name: str, shorter: tuple[str, ...]) -> None:
    for one in shorter:
        assert forms(one).full in forms(name).forms, one


@pytest.mark.parametrize(("name", "others"), NOT_CALLED)
def test_other_names(name: str, others: tuple[str, ...]) -> None:
    for one in others:
        assert forms(one).full not in forms(name).forms, one


def test_a_bare_name_is_the_longest_form_too() -> None:
    for name in ("Plato", "X", "de la", "Le", "...7", "김대중", "III"):
        assert forms(name).full == forms(name).forms[0] != ""


@pytest.mark.parametrize("name", ["A " * 2_000, "Pablo Diego José Francisco de Paula Juan Ruiz", "字" * 4_000])
def test_long_names_stay_small(name: str) -> None:
    assert len(forms(name).forms) < 200
