"""Import nbformat without the second that one of its optional dependencies costs."""

import sys

GRAMMAR = "rfc3987_syntax"


def skip_iri_grammar() -> None:
    """Keep jsonschema from loading `rfc3987_syntax`, which builds a grammar for 1.3 s on import.

    jsonschema checks the format ``iri`` with it and does without where it is missing; a notebook
    has no such field. Call before the first import of nbformat, papermill or nbconvert.
    """
    sys.modules.setdefault(GRAMMAR, None)  # type: ignore[arg-type]


def allow_iri_grammar() -> None:
    """Undo `skip_iri_grammar`, for a process whose user may want the grammar."""
    if sys.modules.get(GRAMMAR, GRAMMAR) is None:
        del sys.modules[GRAMMAR]
