# ruff: noqa: E501 (tables of cases)
"""The rules of a class and its roster: any spreadsheet's table is read, what is not understood is named."""

import pytest

from nnlearn.classroom.policy import policy_file, read_policy, read_roster

ROWS = [["id", "name", "email"], ["ada", "Ada Lovelace", "ada@x.org"], ["5", "Núñez, José", "jose@x.org"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_roster_in_any_encoding_and_dialect(encoding, delimiter, end):
    lines = [delimiter.join(f'"{cell}"' if "," in cell else cell for cell in row) for row in ROWS]
    columns, people = read_roster((end.join(lines) + end).encode(encoding))
    assert columns == ("id", "name", "email")
    assert [(person.id, person.name) for person in people] == [("ada", "Ada Lovelace"), ("5", "Núñez, José")]


@pytest.mark.parametrize(
    ("folder", "number", "who"),
    [
        ("ada", "", "ada"), ("ADA@x.org", "", "ada"), ("Ada  Lovelace", "", "ada"), ("lovelaceada", "", "ada"),
        ("José Núñez", "", "5"), ("nunez", "", None), ("somebody", "5", "5"), ("José, Núñez", "", "5"),
    ],
)  # fmt: skip
def test_a_folder_finds_its_person(folder, number, who):
    roster = "\n".join(",".join(f'"{cell}"' for cell in row) for row in ROWS).encode()
    person = read_policy("", roster).person(folder, number)
    assert (person.id if person else None) == who


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("due = ", "not TOML"), ("dates = 3", "'dates' is not known"), ("attempts = 'last'", "attempts is 'last'"),
        ("[due]\n99 = 2026-01-01", "'99' is no chapter"), ("[due]\n04 = 'soon'", "due.04 is 'soon'"),
        ("[late]\nper_day = 2", "per_day is 2"), ("seconds = 0", "seconds is 0"), ("due = 3", "due is 3"),
        ("[extensions]\nada = 3", "ada is 3"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(text, said):
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        read_policy(text)


@pytest.mark.parametrize(
    ("roster", "said"),
    [("id,name\n", "no students"), ("id\na\na\n", "'a' in two rows"), ("\n", "no students")],
)
def test_a_roster_that_cannot_be_one_is_refused(roster, said):
    with pytest.raises(ValueError, match=said):
        read_roster(roster.encode())


def test_the_files_it_names_lie_beside_it(tmp_path):
    (tmp_path / "roster.csv").write_text("id\nada\n")
    (tmp_path / "secret").write_text("s")
    (tmp_path / "class.toml").write_text(
        'roster = "roster.csv"\nsecret = "secret"\n[due]\n4 = 2026-01-01\n[extensions.ADA]\n4 = 2026-02-01'
    )
    policy = read_policy(*policy_file(tmp_path / "class.toml"))
    assert policy.secret == b"s" and policy.extensions.keys() == {("ada", "04")}
    day = policy.due["04"]
    assert policy.days_late("bob", "04", day) == 0 and policy.days_late("bob", "04", day + 1) == 1
    assert policy.days_late("ada", "04", day + 1) == 0
