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


class WorkbenchError(Exception):
    """Base of all errors whose message is written for a person."""


class BadInput(WorkbenchError, ValueError):
    """Something the person gave cannot be used."""


class NotFound(WorkbenchError, LookupError):
    """Something the person named does not exist."""


class NotAllowed(WorkbenchError):
    """The person's role does not permit the action."""


class Cancelled(WorkbenchError):
    """A running job was asked to stop and did so between two units of work."""
