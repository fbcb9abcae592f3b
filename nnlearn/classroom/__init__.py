"""A class of strangers' code: release exercises, grade submissions in a sandbox, keep the grades, report."""
