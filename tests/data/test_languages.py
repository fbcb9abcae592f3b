"""Days in many languages: every day once, the same day in each, and codes that are languages."""

import pytest

from nnlearn import data


def test_days():
    days = data.days(["en", "hu", "de"], 300, rng=0)
    assert len({day["en"] for day in days}) == 300
    for day in days:
        year = day["en"][-4:]
        assert 1900 <= int(year) < 2100 and day["hu"].startswith(year) and day["de"].endswith(year)
    assert {"en": "March 3, 1998", "hu": "1998. március 3."} in data.days(["en", "hu"], 73_049, rng=0)
    assert data.days(["en"], 5, rng=1) == data.days(["en"], 5, rng=1)


def test_days_names_what_is_wrong():
    with pytest.raises(ValueError, match=r"n is 80000.*73049"):
        data.days(["en"], 80_000)
    for code in ("xx", "no language"):
        with pytest.raises(ValueError, match="languages"):
            data.days([code])
