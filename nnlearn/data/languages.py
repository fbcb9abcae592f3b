"""Days in many languages, as Unicode's locale data write them (the package Babel brings them)."""

from collections.abc import Sequence

import numpy as np

from nnlearn.engine.random import RNG, generator


def days(languages: Sequence[str], n: int = 1000, rng: RNG = None) -> list[dict[str, str]]:
    """n different days from 1900 to 2099, each in every one of `languages`, in the long form.

    A language is a code: ["en", "hu"] -> [{"en": "March 3, 1998", "hu": "1998. március 3."}, …]. Raises
    ValueError for more days than there are and for a language that Babel does not know. Source: Unicode CLDR.
    """
    import babel
    from babel.dates import format_date

    start, end = np.datetime64("1900-01-01"), np.datetime64("2100-01-01")
    every = np.arange(start, end)
    if n > len(every):
        raise ValueError(f"days: n is {n}, but there are {len(every)} days from 1900 to 2099")
    try:
        locales = {code: babel.Locale.parse(code) for code in languages}
    except (babel.UnknownLocaleError, ValueError) as error:
        raise ValueError(f"days: languages must be codes like 'en' or 'hu': {error}") from None
    chosen = generator(rng).choice(every, n, replace=False)
    return [
        {code: format_date(day.item(), "long", locale=locale) for code, locale in locales.items()}
        for day in chosen
    ]
