"""The words of invitation files in each language."""

from dataclasses import fields

import pytest

from shared.use_cases.invitation.words import Words, words_in

LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "ja"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_words_of_its_own(language: str) -> None:
    """None is missing, and two facts never have the same name."""
    words = words_in(language)
    values = [getattr(words, field.name) for field in fields(Words)]
    assert all(values)
    assert len(set(values)) == len(values)
    assert language == "en" or words != words_in("en")
    assert words.colon.strip() == ":"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("pt-BR", "pt"),
        ("DE-ch-1996", "de"),
        ("ja", "ja"),
        ("zh-Hans-CN", "en"),
        ("den", "en"),
        ("x-de", "en"),
        (None, "en"),
    ],
)
def test_the_nearest_language(tag: str | None, language: str) -> None:
    """A tag's region and script may be left out, its language may not: RFC 4647, section 3.4."""
    assert words_in(tag) is words_in(language)
