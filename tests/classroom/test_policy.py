# ruff: noqa: E501 (tables of cases)
"""The rules of a class and its roster: any spreadsheet's table is read, what is not understood is named."""

import pytest

from nnlearn.classroom import policy as policy_module
from nnlearn.classroom.policy import DAY, policy_file, read_policy, read_roster

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
        ("José Núñez", "", "5"), ("nunez", "", None), ("ada@x.org", "77", None), ("Ada Lovelace", "77", "ada"), ("somebody", "5", "5"), ("José, Núñez", "", "5"),
    ],
)  # fmt: skip
def test_a_folder_finds_its_person(folder, number, who):
    roster = "\n".join(",".join(f'"{cell}"' for cell in row) for row in ROWS).encode()
    person = read_policy("", roster).person(folder, number)
    assert (person.id if person else None) == who


def test_a_number_that_is_an_id_and_another_ones_points_is_the_id():
    policy = read_policy("", b"id,name,points\n10,Ada,7\n7,Bob,10\n,Cem,\n")
    assert [policy.person(name).name for name in ("10", "7", "Cem")] == ["Ada", "Bob", "Cem"]
    assert policy.person("somebody", "10").name == "Ada" and policy.person("somebody", "3") is None
    canvas = read_policy("", b'Student,ID,SIS Login ID,Quiz\n"Lovelace, Ada",5,ada,6\n"Bob",6,bob,5\n')
    assert canvas.person("Bob", "5").id == "5", "what one is called is one's own choice, the number is not"


def test_in_a_large_roster_each_text_is_looked_at_once(monkeypatch):
    seen: list[str] = []
    plain = policy_module._plain
    monkeypatch.setattr(policy_module, "_plain", lambda text: seen.append(text) or plain(text))
    rows = "".join(f"s{k},Name {k},s{k}@x.org,{k},1,2,3,4\n" for k in range(500))
    policy = read_policy("", f"id,name,email,a,b,c,d,e\n{rows}".encode())
    assert not any(policy.person(f"stranger {k}") for k in range(500))
    assert 500 < len(seen) < 500 * 20, "and not once for each stranger"


@pytest.mark.parametrize(
    ("late", "days"),
    [
        ("per_day = 0.1", 9),
        ("per_day = 0.1\ndays = 3", 3),
        ("per_day = 1", 0),
        ("days = 0", 0),
    ],
)
def test_a_chapter_is_closed_when_nothing_handed_in_then_counts(late, days):
    policy = read_policy(f"[due]\n04 = 2026-01-01\n[late]\n{late}")
    due = policy.due["04"]
    assert not policy.closed("04", due) and not policy.closed("05", due + 1e9)
    assert not policy.closed("04", due + days * DAY) and policy.closed("04", due + days * DAY + 1)
    assert policy.share(days + 1) == 0 and policy.share(days) > 0


def test_a_chapter_whose_late_hand_ins_count_in_full_is_never_closed():
    policy = read_policy("[due]\n04 = 2026-01-01")
    assert not policy.closed("04", policy.due["04"] + 1e9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("packages = 'pandas'", "packages is 'pandas'"), ("packages = 5", "packages is 5"), ("[late]\nperday = 0.1", "late.perday is not known"),
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
    [
        ("id,name\n", "no students"),
        ("id\na\na\n", "'a' in two rows"),
        ("\n", "no students"),
        (f"id\n{'x' * 200_000}\n", "no table"),
    ],
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
