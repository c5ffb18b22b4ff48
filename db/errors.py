"""The errors whose message is meant for the person using the workbench.

    Exception
    └── WorkbenchError      one sentence: what was expected, what was found, where
        ├── BadInput        a file, option or sentence that cannot be used (also a ValueError)
        ├── NotFound        a row, unit or file that is not there (also a LookupError)
        ├── NotAllowed      the person's role does not permit it
        └── Cancelled       somebody asked a running job to stop

Domain code raises them; the command line prints them after `error:` and the pages show them
near the field. Every other exception is a defect of the workbench.
"""

# A sentence repeats what a file holds, and a cell may hold a book.
LONGEST = 1_500


class WorkbenchError(Exception):
    """Base of all errors whose message is written for a person: text that can be printed, with its
    middle left out where it is very long."""

    def __str__(self) -> str:
        text = super().__str__().encode("utf-8", "backslashreplace").decode()
        return text if len(text) <= LONGEST else f"{text[:1_000]} … {text[-400:]}"


class BadInput(WorkbenchError, ValueError):
    """Something the person gave cannot be used."""


class NotFound(WorkbenchError, LookupError):
    """Something the person named does not exist."""


class NotAllowed(WorkbenchError):
    """The person's role does not permit the action."""


class Cancelled(WorkbenchError):
    """A running job was asked to stop and did so between two units of work."""
