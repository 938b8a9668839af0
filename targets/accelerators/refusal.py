"""Why an accelerator cannot be placed."""

UNKNOWN = "HR405"
"""The code of a name that is none, of an accelerator or of a platform."""

NOT_THERE = "HR431"
"""The code of what a platform does not have, or not in that amount."""

WRONG_VALUE = "HR402"
"""The code of a value that contradicts another."""

HOSTS = "HR432"
"""The code of a number of hosts that the accelerator does not have."""

UNCERTAIN = "HR430"
"""The code of a warning: a record whose facts are uncertain is used."""


class Unplaceable(Exception):
    """What a step asks for cannot be had: the code, the message, and a way out."""

    def __init__(self, code: str, message: str, hint: str, setting: str = "accelerator") -> None:
        """Keep the three, which are those of a diagnostic, and the setting that asks for it."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.setting = setting
