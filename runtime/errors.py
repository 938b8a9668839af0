"""What can go wrong with a step that is not its user's exception, by the exit code it ends with."""


class StepError(Exception):
    """A failure that the shim explains in one line; `exit_code` tells the kind."""

    exit_code = 1


class ManifestError(StepError):
    """The manifest, or the way the shim was called, does not fit the code (sysexits EX_USAGE)."""

    exit_code = 64


class DataError(StepError):
    """A value, an artifact or the code is not what it should be, or cannot travel (EX_DATAERR)."""

    exit_code = 65


class RetryableError(StepError):
    """A fault of the surroundings that may be gone the next time (sysexits EX_TEMPFAIL)."""

    exit_code = 75


class HostFailed(StepError):
    """One of several hosts ended with a failure; its exit code is that of the step.

    `message` is what it left to the engine, with its rank.
    """

    def __init__(self, rank: str, message: str, exit_code: int) -> None:
        """Tell of the host `rank`, which said `message`."""
        super().__init__(f"host {rank}: {message}")
        self.message = f"{message} (host {rank})"
        self.exit_code = exit_code


def from_os_error(error: OSError, what: str) -> StepError:
    """Return the error that tells that `what` failed by `error`: a retry helps for most causes."""
    text = f"{what}: {error.strerror or error}"
    lasting = (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)
    return ManifestError(text) if isinstance(error, lasting) else RetryableError(text)
