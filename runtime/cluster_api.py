"""The Kubernetes API, as a pod reaches it: a few requests of JSON, with nothing installed."""

from __future__ import annotations

import json
import os
import ssl
import time
import urllib.error
import urllib.request

from headrace.runtime.errors import ManifestError, RetryableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO, Any

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a pod finds the token of its service account, the certificate of the API server, and its
namespace (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/)."""

ATTEMPTS = 8
"""How often a request is tried that the API server does not answer, a minute or two in all."""

SECONDS_TO_ANSWER = 30

_NOT_NOW = (408, 429, 500, 502, 503, 504)


class NotFound(Exception):
    """There is no such object, or no such kind."""


class ClusterApi:
    """The API server of the cluster that this process is a pod of."""

    def __init__(self, environment: Mapping[str, str], account: str | None = None) -> None:
        """Find it, and who this pod is: `account` is a folder such as `ACCOUNT`.

        Raises:
            ManifestError: this is no pod, or it has no service account.
        """
        self._account = account = account or ACCOUNT
        host = environment.get("KUBERNETES_SERVICE_HOST", "")
        port = environment.get("KUBERNETES_SERVICE_PORT", "443")
        try:
            self.namespace = self._file("namespace")
            self._token()
            self._tls = ssl.create_default_context(cafile=os.path.join(account, "ca.crt"))
        except OSError as error:
            raise ManifestError(
                f"no service account is mounted in this pod ({error.filename or account}), and a "
                "step on several hosts starts them through the API of Kubernetes"
            ) from None
        if not host:
            raise ManifestError("this is no pod of Kubernetes: KUBERNETES_SERVICE_HOST is not set")
        self._server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    def get(self, path: str) -> Any:
        """Return the object at `path`; see `request`."""
        return self.request("GET", path)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON that the server answers with; what it cannot do now is tried again.

        Raises:
            NotFound: it is not there.
            ManifestError: the server refuses it.
            RetryableError: the server did not answer.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self.open(method, path, body, SECONDS_TO_ANSWER) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                said = _message(error)
                if error.code == 404:
                    raise NotFound(said) from None
                if error.code not in _NOT_NOW:
                    raise ManifestError(f"Kubernetes refused {method} {path}: {said}") from None
                problem = said
            except (OSError, ValueError) as error:
                problem = str(getattr(error, "reason", error))
            if attempt + 1 < ATTEMPTS:
                time.sleep(min(2**attempt / 4, 20))
        raise RetryableError(f"the API of Kubernetes does not answer: {problem}")

    def open(self, method: str, path: str, body: object, seconds: float | None) -> IO[bytes]:
        """Return the answer, to be read; `seconds` is how long it may be silent.

        Raises:
            OSError: there is none; `urllib.error.HTTPError` where the server refuses.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._server + path, data, headers, method=method)
        opened: IO[bytes] = urllib.request.urlopen(request, timeout=seconds, context=self._tls)
        return opened

    def _token(self) -> str:
        return self._file("token")  # it is renewed while the pod runs

    def _file(self, name: str) -> str:
        with open(os.path.join(self._account, name), encoding="utf-8") as file:
            return file.read().strip()


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
