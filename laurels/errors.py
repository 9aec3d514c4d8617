"""One family of errors, sorted by what the caller should do next.

All are picklable (a run's exception crosses a process): the message is the only argument.
"""


class LaurelsError(Exception):
    """Anything that Laurels refuses or fails at, said in one line."""

    exit_status = 1


class SettingsInvalidError(LaurelsError):
    """A setting is wrong, as wrong as an option would be; the message names it and the reason."""

    exit_status = 2


class RuleRefusedError(LaurelsError):
    """A rule says no; asking again changes nothing. Never retried."""

    exit_status = 3


class NotFoundError(RuleRefusedError):
    """What was named does not exist."""


class ProgramInvalidError(RuleRefusedError):
    """A program file is wrong; the message names file, line and reason."""


class MappingInvalidError(RuleRefusedError):
    """A mapping file is wrong; the message names file, line and reason."""


class DataRejectedError(LaurelsError):
    """A file or batch as a whole cannot be taken (not a single row of it)."""

    exit_status = 4


class GateError(LaurelsError):
    """The gate could not judge: an expectation raised, a result was empty, a batch changed. Fail closed."""

    exit_status = 5


class FencedError(LaurelsError):
    """Somebody else holds the lease by now; this holder must stop without writing."""


class TransientError(LaurelsError):
    """The same call may go through later: a server is unreachable or overloaded. Retried."""

    exit_status = 6


class UnreachableError(TransientError):
    """PostgreSQL, Redis or Prefect cannot be reached; one line says which and where."""
