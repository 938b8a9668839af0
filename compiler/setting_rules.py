"""What each setting accepts: functions that return the checked value, or refuse it."""

import re
import zoneinfo
from collections.abc import Callable, Sequence
from typing import NoReturn

from headrace.compiler.registry import MANIFEST_TARGETS
from headrace.compiler.suggestions import did_you_mean, known_names

Rule = Callable[[object], object]
"""Takes a value as TOML gives it; returns it as settings keep it, or raises `Refused`."""

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(m|k|[KMGTPE]i|[MGTPE]|[eE][+-]?\d+)?", re.ASCII)
_EXACT = 2**53
"""Up to here a number with a point is each whole number that it can be."""
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_DURATION_UNITS = (86400, 3600, 60, 1)
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)"
# The grammar of github.com/distribution/reference: [host[:port]/]path[:tag][@digest].
_IMAGE = re.compile(
    rf"(?:{_HOST}(?:\.{_HOST})*(?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_QUALIFIED_NAME = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?",
    re.ASCII,
)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_BUCKET = re.compile(
    r"(?:s3|gs|az)://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:/(?!\.\.?(?:/|$))[\w.=+-]+)*/?", re.ASCII
)
_BUCKETS = {
    **dict.fromkeys(("s3", "s3a", "s3n"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("az", "azure", "abfs", "abfss", "wasb", "wasbs"), "az"),
}
"""What the URLs of buckets begin with, by how other tools have it too."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_CRON_FIELDS: tuple[tuple[str, int, int, Sequence[str]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_NOT_ZONES = {"localtime", "Factory"}


class Refused(ValueError):
    """A value that a rule does not accept: why, and a way out."""

    def __init__(self, message: str, hint: str, code: str = "HR402") -> None:
        """Keep the three; `message` follows the name of the setting."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def wrong_type(value: object, wanted: str, hint: str) -> NoReturn:
    """Refuse `value`, whose type is not the `wanted` one.

    Raises:
        Refused: always.
    """
    names = {bool: "true or false", str: "a text", int: "a number", float: "a number"}
    names |= {list: "a list", dict: "a table"}
    raise Refused(f"must be {wanted}, not {names.get(type(value), 'a date or a time')}", hint)


def text(value: object) -> str:
    """Accept a text that is not empty."""
    if not isinstance(value, str):
        wrong_type(value, "a text", "put it in quotes")
    if not value or "\0" in value:
        raise Refused("must not be empty or hold a NUL character", "write a text")
    return value


def boolean(value: object) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        wrong_type(value, "true or false", "write it without quotes")
    return value


def whole_number(minimum: int, maximum: int) -> Rule:
    """Return a rule that accepts an integer from `minimum` to `maximum`."""

    def rule(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            wrong_type(value, "a whole number", f"write it as {minimum}, without quotes")
        if not minimum <= value <= maximum:
            nearest = min(max(value, minimum), maximum)
            raise Refused(f"must be from {minimum} to {maximum}, not {value}", f"write {nearest}")
        return value

    return rule


def duration(minimum: int) -> Rule:
    """Return a rule that accepts a time of `minimum` seconds or more: 90, "30s" or "1h30m"."""

    def rule(value: object) -> int:
        hint = 'write seconds as a number, or a text such as "30s", "10m", "1h30m" or "2d"'
        if isinstance(value, bool) or not isinstance(value, int | str):
            wrong_type(value, "a duration", hint)
        seconds = value if isinstance(value, int) else _seconds(value)
        if seconds is None:
            raise Refused(f"is not a duration: {value!r}", hint)
        if not minimum <= seconds < 2**31:
            raise Refused(f"must be at least {minimum} and less than 2**31 seconds", hint)
        return seconds

    return rule


def _seconds(written: str) -> int | None:
    match = _DURATION.fullmatch(written)
    if match is None or not written:
        return None
    return sum(
        int(count or 0) * unit for count, unit in zip(match.groups(), _DURATION_UNITS, strict=True)
    )


def quantity(value: object) -> str:
    """Accept a Kubernetes quantity that is more than zero."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        wrong_type(value, "a quantity", 'write it as "2", "500m" or "64Gi"')
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    written = str(int(value) if is_whole else value)  # 1e3 is 1000 to whoever writes it
    match = _QUANTITY.fullmatch(written)
    if match is None:
        raise Refused(
            f"is not a Kubernetes quantity: {written!r}",
            'write it as "2", "500m" or "64Gi"',
        )
    if not float(match[1]):
        raise Refused("must be more than zero", "leave the key out to ask for nothing")
    return written


def memory(value: object) -> str:
    """Accept a quantity of bytes; one in thousandths is a slip of the pen."""
    written = quantity(value)
    if written.endswith("m"):
        raise Refused(f"is in thousandths of a byte: {written!r}", 'write "Mi" for mebibytes')
    return written


def extended_quantity(value: object) -> str:
    """Accept a quantity of an extended resource: Kubernetes takes whole numbers only."""
    written = quantity(value)
    if not written.isdecimal() and not re.fullmatch(r"\d+([kMGTPE]|[KMGTPE]i)", written):
        hint = "only cpu can be divided: ask for whole ones"
        raise Refused(f"must be a whole number, not {written!r}", hint)
    return written


def extended_name(name: str) -> None:
    """Accept the name of a resource that is neither cpu nor memory."""
    if name in {"cpu", "memory", "ephemeral-storage"}:
        key = name.replace("-", "_")
        raise Refused("has a key of its own", f"write {key} = ... beside resources")
    if re.fullmatch(r"hugepages-\w+", name):
        return
    if "/" not in name or not _QUALIFIED_NAME.fullmatch(name):
        raise Refused("is not the name of a Kubernetes resource", 'write it as "nvidia.com/gpu"')


def image(value: object) -> str:
    """Accept a container image's reference."""
    written = text(value)
    if not _IMAGE.fullmatch(written):
        raise Refused(
            f"is not an image reference: {written!r}",
            "write it as registry/name:tag, in lower case and without spaces",
        )
    return written


def pattern_below(value: object) -> str:
    """Accept a pattern of files that lead out of no folder."""
    written = text(value)
    if written.startswith(("/", "~")) or ".." in written.split("/") or "\\" in written:
        hint = 'write it as "data/*.csv", relative to the folder that imports start from'
        raise Refused(f"leads out of the project: {written!r}", hint)
    return written


def env_name(name: str) -> None:
    """Accept the name of an environment variable that headrace does not set itself."""
    if not _ENV_NAME.fullmatch(name):
        raise Refused("is not the name of an environment variable", "use letters, digits and _")
    if name.startswith("HEADRACE_"):
        raise Refused("is set by headrace itself", "choose a name without HEADRACE_ before it")


def env_value(value: object) -> str:
    """Accept a text or an integer: what else a variable should hold, its user must spell."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        wrong_type(value, "a text", "put the exact text in quotes")
    if "\0" in str(value):
        raise Refused("must not hold a NUL character", "no variable can hold one: encode the text")
    return str(value)


def label_name(name: str) -> None:
    """Accept the key of a Kubernetes label."""
    if not _QUALIFIED_NAME.fullmatch(name):
        hint = 'write it as "disk" or "example.com/disk": letters, digits, and - _ . between them'
        raise Refused("is not the key of a Kubernetes label", hint)


def label_value(value: object) -> str:
    """Accept the value of a Kubernetes label."""
    if not isinstance(value, str):
        wrong_type(value, "a text", "put it in quotes")
    if not _LABEL_VALUE.fullmatch(value):
        hint = "use at most 63 letters, digits, and - _ . between them"
        raise Refused(f"is not the value of a Kubernetes label: {value!r}", hint)
    return value


def one_of(*choices: str) -> Rule:
    """Return a rule that accepts one of `choices`."""

    def rule(value: object) -> str:
        written = text(value)
        if written not in choices:
            hint = did_you_mean(written, choices) or known_names(choices)
            raise Refused(f"must be one of {', '.join(choices)}, not {written!r}", hint)
        return written

    return rule


def list_of(rule: Rule, what: str, *, if_empty: str = "") -> Rule:
    """Return a rule that accepts a list whose elements `rule` accepts, none of them twice.

    `if_empty` is the way out of an empty list, which is refused then.
    """

    def rule_of_list(value: object) -> tuple[object, ...]:
        if not isinstance(value, list):
            wrong_type(value, f"a list of {what}", "put it in [ ]")
        checked = [rule(element) for element in value]
        if if_empty and not checked:
            raise Refused("must not be empty", if_empty)
        if any(element in checked[:index] for index, element in enumerate(checked)):
            raise Refused(f"names one of its {what} twice", "remove the second")
        return tuple(checked)

    return rule_of_list


def target(value: object) -> str:
    """Accept the name of a target that writes manifests."""
    return str(one_of(*MANIFEST_TARGETS)(value))


def function_name(value: object) -> str:
    """Accept the name of a function of the module, or `module:name` for one of another."""
    written = text(value)
    if not all(part.isidentifier() for part in re.split("[.:]", written)) or (
        written.count(":") > 1 or "." in written.rpartition(":")[2]
    ):
        hint = "name a function of the module, or `module:function` of another, without brackets"
        raise Refused(f"is not the name of a function: {written!r}", hint)
    return written


def store(value: object) -> str:
    """Accept the place of an artifact store: a bucket, a `file:` URL or an absolute path."""
    written = text(value)
    if re.match(r"file:///|/(?!/)", written):
        return written
    scheme, _, rest = written.partition("://")
    if any(mark in rest for mark in "@?#"):
        # Perhaps a password: nothing of it may be shown.
        raise Refused(
            "holds more than a bucket and a prefix",
            "give credentials to the pods: `secrets`, or `service_account`, beside `url`",
        )
    if not _BUCKET.fullmatch(written):
        kind = _BUCKETS.get(scheme.lower())
        hint = (
            f"write {kind}://bucket/prefix, with letters, digits and - . _ = + in the names"
            if kind
            else "write s3://bucket/prefix, gs://bucket/prefix, az://container/prefix, or "
            "file:///a/folder/that/all/steps/share"
        )
        raise Refused(f"is not a store: {written!r}", hint)
    return written


def timezone(value: object) -> str:
    """Accept the name of a zone in the IANA database."""
    name = text(value)
    known = zoneinfo.available_timezones() - _NOT_ZONES
    if name == "UTC" or name in known:
        return name
    if not known and re.fullmatch(r"[A-Z]\w*(/[A-Z][\w+-]*)+", name):
        return name  # a machine without the database: the shape is all that can be judged
    raise Refused(
        f"is not a time zone: {name!r}",
        did_you_mean(name, known) or 'write it as "Europe/Berlin", or "UTC"',
    )


def cron(value: object) -> str:
    """Accept five fields that every engine reads alike."""
    written = text(value)
    fields = written.split()
    if len(fields) != len(_CRON_FIELDS) or written.startswith("@"):
        raise Refused(
            f"must have five fields, not {len(fields)}: {written!r}",
            'write minute, hour, day, month, weekday: "0 3 * * *" is 03:00 each day',
        )
    for field, (what, lowest, highest, names) in zip(fields, _CRON_FIELDS, strict=True):
        for part in field.split(","):
            _check_cron_part(part, what, lowest, highest, names)
    return " ".join(fields)


def _check_cron_part(part: str, what: str, lowest: int, highest: int, names: Sequence[str]) -> None:
    match = re.fullmatch(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", part, re.ASCII)
    bounds = [_cron_number(end, lowest, names) for end in match.groups()[1:3]] if match else []
    numbers = [number for number in bounds if number is not None]
    if (
        match is None
        or any(not lowest <= number <= highest for number in numbers)
        or numbers != sorted(numbers)
        or (match[4] is not None and (int(match[4]) == 0 or (match[2] and not match[3])))
    ):
        raise Refused(
            f"has a {what} that not every engine reads alike: {part!r}",
            f"use *, numbers from {lowest} to {highest}, ranges such as {lowest}-{highest}, "
            "lists with commas and steps such as */5",
        )


def _cron_number(written: str | None, lowest: int, names: Sequence[str]) -> int | None:
    if written is None:
        return None
    if written.upper() in names:
        return names.index(written.upper()) + lowest
    return int(written) if written.isdecimal() else -1
