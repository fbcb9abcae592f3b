"""Old tunes as text: folk songs, and songs whose composers died more than a century ago."""

import re

# As in ABC: C to B is the middle octave, c to b the one above, a comma one below; a figure counts eighths.
# Written down by hand; songs go in more than one version, and here is one.
_TUNES = {
    "Ah! vous dirai-je, maman": "C2C2G2G2A2A2G4F2F2E2E2D2D2C4G2G2F2F2E2E2D4G2G2F2F2E2E2D4"
    "C2C2G2G2A2A2G4F2F2E2E2D2D2C4",
    "Frère Jacques": "C2D2E2C2C2D2E2C2E2F2G4E2F2G4G1A1G1F1E2C2G1A1G1F1E2C2C2G,2C4C2G,2C4",
    "Ode to Joy": "E2E2F2G2G2F2E2D2C2C2D2E2E3D1D4E2E2F2G2G2F2E2D2C2C2D2E2D3C1C4"
    "D2D2E2C2D2E1F1E2C2D2E1F1E2D2C2D2G,4E2E2F2G2G2F2E2D2C2C2D2E2D3C1C4",
    "Mary had a little lamb": "E3D1C2D2E2E2E4D2D2D4E2G2G4E3D1C2D2E2E2E2E2D2D2E2D2C8",
    "Au clair de la lune": "C2C2C2D2E4D4C2E2D2D2C8C2C2C2D2E4D4C2E2D2D2C8"
    "D2D2D2D2A,4A,4D2C2B,2A,2G,8C2C2C2D2E4D4C2E2D2D2C8",
    "Hänschen klein": "G2E2E4F2D2D4C2D2E2F2G2G2G4G2E2E4F2D2D4C2E2G2G2C8"
    "D2D2D2D2D2E2F4E2E2E2E2E2F2G4G2E2E4F2D2D4C2E2G2G2C8",
    "Alle meine Entchen": "C2D2E2F2G4G4A2A2A2A2G8A2A2A2A2G8F2F2F2F2E4E4D2D2D2D2C8",
    "London Bridge": "G3A1G2F2E2F2G4D2E2F4E2F2G4G3A1G2F2E2F2G4D4G4E2C6",
    "Row, row, row your boat": "C3C3C2D1E3E2D1E2F1G6c1c1c1G1G1G1E1E1E1C1C1C1G2F1E2D1C6",
    "Jingle Bells": "E2E2E4E2E2E4E2G2C3D1E8F2F2F3F1F2E2E2E1E1E2D2D2E2D4G4"
    "E2E2E4E2E2E4E2G2C3D1E8F2F2F3F1F2E2E2E1E1G2G2F2D2C8",
    "When the saints": "C2E2F2G8C2E2F2G8C2E2F2G4E4C4E4D8E2E2D2C6C2E4G2G2G2F6E2F2G4E4C4D4C8",
    "Yankee Doodle": "C2C2D2E2C2E2D2G,2C2C2D2E2C4B,4C2C2D2E2F2E2D2C2B,2G,2A,2B,2C4C4",
    "Oh! Susanna": "C1D1E2G2G3A1G2E2C3D1E2E2D2C2D6C1D1E2G2G3A1G2E2C3D1E2E2D2D2C6",
    "Amazing grace": "G,2C4E1C1E4D2C4A,2G,4G,2C4E1C1E4D2G6E2G4E1C1E4D2C4A,2G,4G,2C4E1C1E4D2C6",
    "Skip to my Lou": "E2E2C2C2E2E2G4D2D2B,2B,2D2D2F4E2E2C2C2E2E2G4D2E1F1E2D2C4C4",
    "Auld lang syne": "G,2C3C1C2E2D3C1D2E2C3C1E2G2A6A2G3E1E2C2D3C1D2E2C3A,1A,2G,2C6",
    "Kuckuck": "G2E4G2E4D2C2D2C6D2D2E2F4D2E2E2F2G4E2G2E4G2E4F2E2D2C6",
    "Go tell Aunt Rhody": "E4E2D2C4C4D4D2F2E2D2C4G4G2F2E4E4D2C2D2E2C8",
}
_PLACE = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}


def tunes() -> dict[str, list[tuple[int, int]]]:
    """Eighteen old tunes in C major: {title: [(MIDI note number, length in eighths), …]}.

    Folk songs, and songs by L. van Beethoven, S. Foster and J. Pierpont: all in the public domain.
    """
    return {title: read_abc(text) for title, text in _TUNES.items()}


def read_abc(text: str) -> list[tuple[int, int]]:
    """Notes of a tune in letters: "C2 G,1 c4" -> [(60, 2), (55, 1), (72, 4)].

    Raises ValueError at what is no note.
    """
    notes, place = [], 0
    text = text.replace(" ", "")
    while place < len(text):
        match = re.compile(r"([A-Ga-g])(,?)([1-9])").match(text, place)
        if not match:
            raise ValueError(
                f"read_abc: {text[place : place + 4]!r} is no note, expected a letter and a figure"
            )
        letter, lower, length = match.groups()
        notes.append((_PLACE[letter.upper()] + 12 * letter.islower() - 12 * bool(lower), int(length)))
        place = match.end()
    return notes
