"""One file a command: its options and a call. What does the work is imported when the command runs."""
