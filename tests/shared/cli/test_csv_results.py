"""A CSV file of requests, with what became of its rows."""

from pathlib import Path

import pytest

from shared.cli.csv_results import write_results
from shared.cli.files import read_lines
from shared.cli.polling import Outcome

LINK = "https://teams.microsoft.com/x"
HEADER = "kind;organizer;subject"


def outcomes(file: Path) -> list[Outcome]:
    return [
        Outcome(line.number, f"id-{line.number}", "succeeded", LINK, request=line.item.document, key=line.item.key)
        for line in read_lines(file)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_its_columns_stay_and_four_are_added(tmp_path: Path, encoding: str) -> None:
    """In its own encoding and with its own separator; empty lines stay; the file may be written over."""
    file = tmp_path / "visits.csv"
    file.write_text(f'{HEADER}\nstandalone;AlexW@contoso.com;"Grüße; du"\n\nstandalone;AlexW@contoso.com;b\n', encoding)
    before = outcomes(file)
    write_results(file.read_bytes(), before, file)
    written = file.read_text(encoding).splitlines()
    assert written[0] == f"{HEADER};idempotencyKey;meetingId;status;joinUrl;error"
    assert written[1] == f'standalone;AlexW@contoso.com;"Grüße; du";{before[0].key};id-2;succeeded;{LINK};'
    assert written[2] == ""
    assert written[3].startswith(f"standalone;AlexW@contoso.com;b;{before[1].key};id-4;succeeded")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf") is (encoding == "utf-8-sig")
    assert [each.name for each in tmp_path.iterdir()] == ["visits.csv"]


def test_submitted_again_it_makes_nothing_twice(tmp_path: Path) -> None:
    """Under whatever name: each row has its key, and the four columns are left out and written again."""
    file, copy = tmp_path / "visits.csv", tmp_path / "links.csv"
    file.write_text(f"{HEADER},idempotencyKey\n".replace(";", ",") + "standalone,AlexW@contoso.com,a,mine\n" * 1)
    write_results(file.read_bytes(), outcomes(file), copy)
    again = read_lines(copy)
    assert [(line.item.key, line.item.document, line.item.faults) for line in again] == [
        (line.item.key, line.item.document, line.item.faults) for line in read_lines(file)
    ]
    write_results(copy.read_bytes(), outcomes(copy), copy)
    assert copy.read_text().splitlines()[0].count("joinUrl") == 1


def test_a_keyless_file_keeps_its_keys(tmp_path: Path) -> None:
    """The keys that its name gave it."""
    file, copy = tmp_path / "visits.csv", tmp_path / "links.csv"
    file.write_text(f"{HEADER}\nstandalone;AlexW@contoso.com;a\nstandalone;AlexW@contoso.com;a\n")
    write_results(file.read_bytes(), outcomes(file), copy)
    assert [line.item.key for line in read_lines(copy)] == [line.item.key for line in read_lines(file)]


def test_a_row_that_is_refused_keeps_its_meeting(tmp_path: Path) -> None:
    """Its id and its join link; once the row has another meeting, only what this one has."""
    file = tmp_path / "visits.csv"
    file.write_text(f"{HEADER}\nstandalone;AlexW@contoso.com;a\n")
    write_results(file.read_bytes(), outcomes(file), file)
    [line] = read_lines(file)
    for outcome, kept in (
        (Outcome(2, None, "refused", error="keyReused", key=line.item.key), f"id-2;refused;{LINK};keyReused"),
        (Outcome(2, "other", "failed", error="gaveUp", key=line.item.key), "other;failed;;gaveUp"),
    ):
        write_results(file.read_bytes(), [outcome], file)
        assert file.read_text().splitlines()[1] == f"standalone;AlexW@contoso.com;a;{line.item.key};{kept}"


def test_a_row_that_is_wrong_has_its_reason(tmp_path: Path) -> None:
    """A short row is filled up; what an app says is no formula."""
    file = tmp_path / "visits.csv"
    file.write_text(f"{HEADER}\nstandalone;AlexW@contoso.com\n")
    [line] = read_lines(file)
    write_results(file.read_bytes(), [Outcome(2, None, "refused", error="=1+1", key=line.item.key)], file)
    assert file.read_text().splitlines()[1] == f"standalone;AlexW@contoso.com;;{line.item.key};;refused;;'=1+1"
