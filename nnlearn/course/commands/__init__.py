"""One file a command: its group in --help, its options, a call; what works is imported when it runs."""
