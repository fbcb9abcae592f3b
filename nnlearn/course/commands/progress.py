"""The command `nnlearn progress`."""

GROUP = "Learn"


def progress() -> None:
    """Show which exercises are solved, tried or still open."""
    from nnlearn.course.progress_table import print_table

    print_table()
