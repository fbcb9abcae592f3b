"""Whole networks, one a file; `hub` reads published weights."""
