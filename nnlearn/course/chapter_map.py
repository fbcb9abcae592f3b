"""The map of the course: what each chapter needs, by its own word, drawn from the first to the last.

`python -m nnlearn.course.chapter_map` writes the one that README.md shows.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path

from nnlearn.course.notebooks import read
from nnlearn.exercises.notebooks import course_folder, notebooks

_NUMBERS = re.compile(r"[Cc]hapters? ((?:\d+(?:, (?:and )?| and | to )?)+)")
ACROSS, WIDE, HIGH, GAP, DOWN = (
    5,
    172,
    52,
    24,
    34,
)  # boxes in a row; their size; between them and between rows


@cache
def first_cell(path: Path) -> str:
    """What a chapter begins with: title, question, time, needs."""
    return read(path).cells[0].source


def needs(path: Path) -> set[int]:
    """The numbers of the chapters that one says it needs: "chapters 3 (slopes), 7 to 9" -> {3, 7, 8, 9}."""
    said = first_cell(path).partition("**You need**")[2].partition("\n\n")[0]
    said = re.sub(r" \((?![^)]*[Cc]hapter)[^)]*\)", "", said)
    found: set[int] = set()
    for numbers in _NUMBERS.findall(said):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", numbers):
            found.update(range(int(first), int(last or first) + 1))
    return found


def title(path: Path) -> str:
    """A chapter's title without its number."""
    return first_cell(path).partition("\n")[0].partition(" · ")[2]


def direct(all_needs: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """Each chapter's needs without those that another of them needs in its turn.

    Raises ValueError where a chapter needs itself or a later one.
    """
    every: dict[int, set[int]] = {}
    for chapter in sorted(all_needs):
        if any(need >= chapter for need in all_needs[chapter]):
            raise ValueError(
                f"chapter {chapter} needs {sorted(all_needs[chapter])}: only earlier ones can be"
            )
        every[chapter] = all_needs[chapter].union(*(every.get(need, set()) for need in all_needs[chapter]))
    return {
        chapter: {
            n for n in all_needs[chapter] if not any(n in every.get(m, set()) for m in all_needs[chapter])
        }
        for chapter in all_needs
    }


def places(links: Mapping[int, set[int]]) -> dict[int, tuple[int, int]]:
    """Row and column of each chapter: below all that it needs, in the last one's column if it is free.

    The one line at the start goes across, row by row.
    """
    depth: dict[int, int] = {}
    for chapter in sorted(links):
        depth[chapter] = max((depth[need] + 1 for need in links[chapter]), default=0)
    levels = [[c for c in sorted(links) if depth[c] == level] for level in range(max(depth.values()) + 1)]
    line = next((k for k, level in enumerate(levels) if len(level) > 1), len(levels))
    found = {c: divmod(k, ACROSS) for k, (c, *_) in enumerate(levels[:line])}
    first = -(-line // ACROSS)
    for i, level in enumerate(levels[line:]):
        free = list(range(max(ACROSS, len(level))))
        for chapter in level:
            above = found[max(links[chapter], key=lambda need: (depth[need], need))][1] if i else free[0]
            column = min(free, key=lambda k: abs(k - above))
            free.remove(column)
            found[chapter] = first + i, column
    return found


def draw(
    chapters: Sequence[Path],
    folder: str = "",
    suffix: str = ".html",
    done: Mapping[Path, float] | None = None,
) -> str:
    """The map as SVG; with a `folder`, each chapter is a link to its page there, `done` a share of each."""
    number = {path: int(path.stem[:2]) for path in chapters}
    links = direct({number[path]: needs(path) for path in chapters})
    place = places(links)
    lines = [_line(place[need], place[chapter]) for chapter in links for need in sorted(links[chapter])]
    boxes = [
        _box(
            number[path],
            title(path),
            *_corner(place[number[path]]),
            folder and f"{folder}/{path.stem}{suffix}",
            (done or {}).get(path, 0.0),
        )
        for path in chapters
    ]
    down, across = (max(at) + 1 for at in zip(*place.values(), strict=True))
    width, height = across * (WIDE + GAP) + GAP, down * (HIGH + DOWN) - DOWN + 2 * GAP
    role = "group" if folder else "img"  # of links, or a picture
    said = "The chapters, each below or to the right of those that it needs"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="{role}" '
        f'aria-label="{said}" font-family="system-ui, sans-serif" font-size="14">\n'
        f'<g fill="none" stroke="#7a7f87" stroke-width="2">\n{"".join(lines)}</g>\n{"".join(boxes)}</svg>\n'
    )


def _corner(place: tuple[int, int]) -> tuple[int, int]:
    """x and y of a box's upper left corner."""
    return GAP + place[1] * (WIDE + GAP), GAP + place[0] * (HIGH + DOWN)


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    """From one box to another: across in a row, else down; past other rows between the columns."""
    (a, b), (c, d) = _corner(start), _corner(end)
    if b == d:
        return f'<path d="M{a + WIDE} {b + HIGH / 2:g}H{c}"/>\n'
    a, b, c = a + WIDE // 2, b + HIGH, c + WIDE // 2
    path = f"M{a} {b}"
    if end[0] - start[0] > 1:
        side = a + (WIDE + GAP) // 2 * (1 if c > a else -1)
        path += f"C{a} {b + DOWN} {side} {b} {side} {b + DOWN}V{d - DOWN}"
        a, b = side, d - DOWN
    return f'<path d="{path}C{a} {b + DOWN} {c} {d - DOWN} {c} {d}"/>\n'


def _bar(x: int, y: int, share: float) -> str:
    """A green bar along a box's lower edge."""
    wide = round(share * (WIDE - 8))
    return f'<rect x="{x + 4}" y="{y + HIGH - 7}" width="{wide}" height="4" fill="#1b8a5a"/>' if wide else ""


def _box(chapter: int, name: str, x: int, y: int, link: str, done: float) -> str:
    words, lines = name.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 15 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    top = y + HIGH / 2 + 5 - 17 * (len(lines) - 1) / 2
    spans = "".join(
        f'<tspan x="{x + 40}" y="{top + 17 * k:g}">{escape(text)}</tspan>' for k, text in enumerate(lines)
    )
    box = (
        f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6" fill="#e8f1f7" stroke="#005a8c"/>'
        f"{_bar(x, y, done)}"
        f'<text x="{x + 20}" y="{y + HIGH / 2 + 7:g}" fill="#005a8c" font-size="20" font-weight="700" '
        f'text-anchor="middle">{chapter}</text><text fill="#1a1a1a">{spans}</text>'
    )
    return f'<a href="{escape(link)}">{box}</a>\n' if link else f"<g>{box}</g>\n"


if __name__ == "__main__":
    target = course_folder() / ".github" / "map.svg"
    target.write_text(draw(notebooks("chapters")), encoding="utf-8")
