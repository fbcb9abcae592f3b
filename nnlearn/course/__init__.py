"""The command line: open the course, build its decks, run its notebooks."""
