"""Speaks JSON over HTTP with an engine's server; `requests` is imported when it is called."""

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from headrace.compiler.engine import EngineError

_CONNECTING, _READING = 10, 60
"""Seconds after which a server counts as one that does not answer."""

_PASSING = (429, 502, 503, 504)
"""What servers, and what stands before them, say when the next attempt may succeed."""

CERTIFICATES = "REQUESTS_CA_BUNDLE"
"""The variable of `requests` with the file of the certificates of authorities."""

Parameters = Mapping[str, str | int | list[str]]


class Refused(EngineError):
    """What a server answers that does not do what was asked; `status` is that of HTTP."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        """Keep the status and what the server said."""
        super().__init__(message, hint, passing=status in _PASSING)
        self.status = status


class HttpApi:
    """The server of `engine` below one URL."""

    def __init__(
        self, engine: str, url: str, *, extra: str, authentication: str, verify: bool = True
    ) -> None:
        """Speak with the server at `url`.

        `extra` is that of headrace which installs what is needed, and `authentication` says how to
        give what a server that knows nobody asks for.

        Raises:
            EngineError: `requests` is not installed, or the URL is none.
        """
        try:
            import requests
        except ImportError:
            raise not_installed("requests", extra) from None
        self.url = url.rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise EngineError(f"{url!r} is not the URL of a server", "write https://HOST[:PORT]")
        self._engine, self._authentication = engine, authentication
        self._session = requests.Session()
        # Said with each request: REQUESTS_CA_BUNDLE goes before what is said of the session.
        self._verify = None if verify else False

    def authorize(self, value: str) -> None:
        """Send `value` as the header `Authorization` from now on."""
        self._session.headers["Authorization"] = value

    def call(
        self, method: str, path: str, *, query: Parameters | None = None, body: object = None
    ) -> Any:
        """Return the JSON that the server answers.

        Raises:
            Refused: it refuses.
            EngineError: it does not answer, or not in JSON.
        """
        return self._read(self._sent(method, path, query, body).text)

    def lines(self, path: str, query: Parameters | None = None) -> Iterator[Any]:
        """Yield the JSON of each line that the server answers.

        Raises:
            Refused, EngineError: as for `call`.
        """
        for line in self._sent("GET", path, query, None).text.split("\n"):
            if line.strip():
                yield self._read(line)

    def _read(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise EngineError(
                f"what answers at {self.url} is not the server of {self._engine}: no JSON",
                "is the URL right, with its path?",
            ) from None

    def _sent(self, method: str, path: str, query: Parameters | None, body: object) -> Any:
        import requests

        try:
            with self._warnings():
                response = self._session.request(
                    method,
                    self.url + path,
                    params=query,
                    json=body,
                    headers={"Accept": "application/json"},
                    timeout=(_CONNECTING, _READING),
                    verify=self._verify,
                )
        except requests.RequestException as error:
            where = f"{self._engine} at {self.url}"
            hint = "is the URL right, and is the server up?"
            raise cannot_reach(where, _cause(error), hint) from None
        if response.status_code in (401, 403):
            raise Refused(
                response.status_code,
                f"{self._engine} at {self.url} refuses: {_said(response)}",
                self._authentication,
            )
        if response.status_code >= 400:
            said = f"{self._engine} at {self.url} answers {response.status_code}"
            raise Refused(response.status_code, f"{said}: {_said(response)}")
        # Without a charset `requests` guesses one from the bytes.
        response.encoding = "utf-8"
        return response

    @contextmanager
    def _warnings(self) -> Iterator[None]:
        """Say nothing of a certificate that nobody was to look at."""
        with warnings.catch_warnings():
            if self._verify is False:
                warnings.simplefilter("ignore")
            yield


def cannot_reach(where: str, cause: str, hint: str) -> EngineError:
    """Return the error that nothing answers at `where`: `hint` helps unless a certificate does."""
    untrusted = "CERTIFICATE_VERIFY_FAILED" in cause
    if untrusted:
        hint = f"{CERTIFICATES} names the file with the certificates of authorities that you trust"
    return EngineError(f"cannot reach {where}: {cause}", hint, passing=not untrusted)


def not_installed(package: str, extra: str) -> EngineError:
    """Return the error that tells to install the `extra` of headrace, which brings `package`."""
    return EngineError(f"{package} is not installed", f'pip install "headrace[{extra}]"')


def _cause(error: Exception) -> str:
    """Return what is at the bottom of an error of `requests`, whose own text repeats the URL."""
    while (inner := error.__cause__ or error.__context__) is not None and inner is not error:
        if not isinstance(inner, Exception):
            break
        error = inner
    return str(error) or type(error).__name__


def _said(response: Any) -> str:
    try:
        answer = response.json()
    except ValueError:
        return response.reason or "no reason is given"
    if isinstance(answer, dict):
        answer = answer.get("detail") or answer.get("message") or answer
    return answer if isinstance(answer, str) else json.dumps(answer)
