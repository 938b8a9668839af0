"""What went wrong with a bucket, as one line: obstore's own text has twenty, and URLs with keys."""

from __future__ import annotations

import html
import os
import re

from headrace.runtime.errors import ManifestError, RetryableError, StepError

_LONGEST = 300

_PASSING = frozenset({"408", "409", "425", "429"})
"""Answers of the kind 4xx that may be another one the next time."""

_SECRETS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_TOKEN",
    "AZURE_CLIENT_SECRET",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
)
"""Variables whose values must not stand in a message, whoever wrote them there."""

_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_WRONG_CREDENTIALS = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
    *("XAdminUserNotFound", "AuthenticationFailed", "invalid_grant", "TokenRefreshRequired"),
)
_OTHER_REGION = ("AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_METADATA = ("//169.254.", "//metadata.google.internal", "//metadata/")
"""Where a machine of a cloud gives out its credentials: asked last, when nothing else has any."""


def store_error(error: BaseException, url: str) -> StepError:
    """Return the error that tells why the store at `url` did not do what it was asked to."""
    text = str(error)
    first, _, details = text.partition("\n\nDebug source:")
    code, reason = _reason(first, details)
    scheme = url.partition(":")[0]
    kind = type(error).__name__
    if any(place in first for place in _METADATA):
        return ManifestError(
            f"no credentials for the store {url}: set {_CREDENTIALS[scheme]}, or give the pod an "
            f"account that may use it ({reason})"
        )
    if code in ("NoSuchBucket", "ContainerNotFound"):
        return ManifestError(f"the bucket of the store {url} does not exist: create it ({reason})")
    if code in _WRONG_CREDENTIALS or kind == "UnauthenticatedError":
        return ManifestError(
            f"the store {url} refuses the credentials: check {_CREDENTIALS[scheme]} ({reason})"
        )
    if kind == "PermissionDeniedError":
        return ManifestError(
            f"the store {url} denies access: give the account the right to read and to create "
            f"objects there ({reason})"
        )
    status = _status(first)
    if "redirect" in reason or code in _OTHER_REGION:
        return ManifestError(
            f"the bucket of the store {url} is elsewhere: set AWS_REGION ({reason})"
        )
    if status.startswith("4") and status not in _PASSING:
        return ManifestError(f"the store {url} refuses a request ({reason})")
    return RetryableError(f"the store {url} cannot be reached, or is too busy: {reason}")


def setting_error(error: BaseException, url: str) -> StepError:
    """Return the error that tells why the store at `url` cannot be used in this environment."""
    first = str(error).partition("\n\nDebug source:")[0]
    known = _CREDENTIALS[url.partition(":")[0]]
    return ManifestError(f"cannot use the store {url}: {_line(first)}; check {known}")


def is_only_absent(error: BaseException) -> bool:
    """Return whether `error`, of an answer 404, means that the object is not there."""
    code = _reason(*str(error).partition("\n\nDebug source:")[::2])[0]
    return code in ("", "NoSuchKey", "BlobNotFound", "ResourceNotFound")


def _reason(first: str, details: str) -> tuple[str, str]:
    """Return the code that the server gave, if any, and the reason in one line."""
    code = _element(first, "Code")
    if code:
        return code, _line(f"{code}: {_element(first, 'Message')}")
    status = re.search(r"status code: (\d{3}[\w ]*)", first)
    if status:
        return "", _line(status[1])
    # The cause of a connection that failed stands in the details alone.
    causes = re.findall(r'(?:message|error): "([^"]+)"', details)
    where = re.search(r"performing \w+ (\w+://[^/\s]+)", first)
    if causes or "operation timed out" in details or "TimedOut" in details:
        cause = causes[-1] if causes else "timed out"
        return "", _line(f"{where[1]}: {cause}" if where else cause)
    return "", _line(first.rpartition(" - ")[2])


def _status(first: str) -> str:
    found = re.search(r"status code: (\d{3})", first)
    return found[1] if found else ""


def _element(text: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)(?:\n.*?)?</{name}>", text, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def _line(text: str) -> str:
    """Return `text` as one line of bounded length, without what may be secret."""
    text = " ".join(re.sub(r"\?\S*", "", text).split())
    for name in _SECRETS:
        value = os.environ.get(name, "")
        if value:
            text = text.replace(value, "***")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
