"""Speaks with Airflow's REST API, version 2."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

PAGE = 100
"""As many rows as an answer has at most, unless Airflow is set otherwise."""


class Refused(Exception):
    """The API server refuses a request; `status` is the HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        """Tell what it says."""
        super().__init__(f"{status}: {text}")
        self.status = status


class Rest:
    """The API of the server at `url`, as a user who may do everything."""

    def __init__(self, url: str) -> None:
        """Ask for nothing yet."""
        self._url = url
        self._token: str | None = None

    def health(self) -> dict[str, Any]:
        """Return the health of each component.

        Raises:
            OSError: the server does not answer.
        """
        found: dict[str, Any] = self._ask("GET", "/api/v2/monitor/health", None, {})
        return found

    def get(self, place: str, **query: object) -> Any:
        """Return what is at `place`, below `/api/v2`.

        Raises:
            Refused: the server refuses.
        """
        return self.send("GET", place, query=query)

    def rows(self, place: str, key: str, **query: object) -> list[dict[str, Any]]:
        """Return all rows at `place`, which stand under `key` in each answer.

        Raises:
            Refused: the server refuses.
        """
        found: list[dict[str, Any]] = []
        while True:
            answer = self.get(place, limit=PAGE, offset=len(found), **query)
            found += answer[key]
            if not answer[key] or len(found) >= answer["total_entries"]:
                return found

    def send(
        self, method: str, place: str, body: object = None, query: dict[str, object] | None = None
    ) -> Any:
        """Send `body` as JSON to `place`, below `/api/v2`; return what is answered.

        Raises:
            Refused: the server refuses.
        """
        if self._token is None:
            self._token = self._ask("GET", "/auth/token", None, {})["access_token"]
        asked = f"?{urllib.parse.urlencode(query, doseq=True)}" if query else ""
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._ask(method, f"/api/v2{place}{asked}", body, headers)

    def _ask(self, method: str, place: str, body: object, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(
            self._url + place,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode(errors="replace")) from error
        return json.loads(text) if text else None
