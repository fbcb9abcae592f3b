"""The ids of exercises: "04.10" is the tenth exercise of chapter 04, "P1.2" the second of project 1.

Wherever a chapter is named by its two letters, a project is too, and sorts after the chapters.
"""

CHAPTER = r"(?:\d\d|P\d)"  # a regular expression


def chapter_of(exercise_id: str) -> str:
    """ "04": the chapter, or the project, that an exercise belongs to."""
    return exercise_id.partition(".")[0]


def place(exercise_id: str) -> tuple[str, int]:
    """("04", 10): chapter and number, by which exercises sort."""
    chapter, _, number = exercise_id.partition(".")
    return chapter, int(number)


def numbers(exercise_id: str) -> tuple[int, int]:
    """(4, 10) for "04.10", (101, 2) for "P1.2": what an exercise's seeds begin with."""
    chapter, number = place(exercise_id)
    return int(chapter.replace("P", "10")), number
