"""What `headrace compile` and `headrace check` are asked for.

The usual spellings of the command line are read here, without the library that reads all of them:
what was compiled before is then answered in a few milliseconds.
"""

import os
from collections.abc import Sequence

from headrace.compiler.registry import MANIFEST_TARGETS

DEFAULT_OUT = "manifests"
OUTPUT_FORMATS = ("text", "json", "github", "sarif")

_OPTIONS = {
    "--set": "settings",
    "--profile": "profile",
    "--output-format": "output_format",
    "--target": "targets",
    "-t": "targets",
    "--out": "out",
    "-o": "out",
}


class Request:
    """One request: `command` is `compile` or `check`, the rest are its arguments.

    `function` is None for the default; `targets` is empty for those of the configuration.
    """

    def __init__(
        self,
        command: str,
        path: str,
        function: str | None = None,
        *,
        settings: Sequence[str] = (),
        profile: str | None = None,
        output_format: str = OUTPUT_FORMATS[0],
        targets: Sequence[str] = (),
        out: str = DEFAULT_OUT,
    ) -> None:
        """Keep the arguments."""
        self.command = command
        self.path = path
        self.function = function
        self.settings = tuple(settings)
        self.profile = profile
        self.output_format = output_format
        self.targets = tuple(targets)
        self.out = out


def file_and_function(value: str) -> tuple[str, str | None]:
    """Return what FILE[:FUNCTION] names; a file of the whole name comes first."""
    file, colon, function = value.rpartition(":")
    if not colon or os.path.isfile(value):
        return value, None
    return file, function


def read_request(arguments: Sequence[str]) -> Request | None:
    """Return the request that `arguments` are; nothing for any other command or spelling."""
    if not arguments or arguments[0] not in ("compile", "check"):
        return None
    lists: dict[str, list[str]] = {"settings": [], "targets": []}
    given: dict[str, str] = {}
    rest = iter(arguments[1:])
    for argument in rest:
        option, equals, value = argument.partition("=")
        name = _OPTIONS.get(option) if option.startswith("--") or not equals else None
        if name is None and argument.startswith("-"):
            return None
        if name is not None and not equals:
            following = next(rest, None)
            if following is None:
                return None
            value = following
        if name in lists:
            lists[name].append(value)
        elif (name := name or "pipeline") in given:
            return None
        else:
            given[name] = value if name != "pipeline" else argument
    return _checked(arguments[0], given, lists)


def _checked(command: str, given: dict[str, str], lists: dict[str, list[str]]) -> Request | None:
    path, function = file_and_function(given.pop("pipeline", ""))
    output_format = given.pop("output_format", OUTPUT_FORMATS[0])
    is_known = output_format in OUTPUT_FORMATS and set(lists["targets"]) <= set(MANIFEST_TARGETS)
    is_known = is_known and function != "" and given.get("out") != ""
    if not is_known or not os.path.isfile(path):
        return None
    return Request(
        command,
        path,
        function,
        settings=lists["settings"],
        profile=given.get("profile"),
        output_format=output_format,
        targets=lists["targets"],
        out=given.get("out", DEFAULT_OUT),
    )
