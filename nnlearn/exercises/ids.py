"""The ids of exercises: "04.10" is the tenth exercise of chapter 04."""


def chapter_of(exercise_id: str) -> str:
    """ "04": the chapter that an exercise belongs to."""
    return exercise_id.partition(".")[0]


def place(exercise_id: str) -> tuple[str, int]:
    """("04", 10): chapter and number, by which exercises sort."""
    chapter, _, number = exercise_id.partition(".")
    return chapter, int(number)
