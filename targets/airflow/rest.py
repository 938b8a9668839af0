"""Airflow's REST API, version 2: https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html"""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from headrace.compiler.engine import Connection, EngineError
from headrace.targets.http_api import HttpApi, Parameters, Refused

URL = "HEADRACE_AIRFLOW_URL"
TOKEN = "HEADRACE_AIRFLOW_TOKEN"
USERNAME, PASSWORD = "HEADRACE_AIRFLOW_USERNAME", "HEADRACE_AIRFLOW_PASSWORD"

_PAGE = 100
"""So many objects one answer has at most, unless `[api] maximum_page_limit` is another."""


class Rest:
    """The API server of an Airflow, as one user of it."""

    def __init__(self, connection: Connection) -> None:
        """Find the server here or in the environment, and who we are in the environment.

        Raises:
            EngineError: nothing says where the server is, or `requests` is not installed.
        """
        url = connection.server or os.environ.get(URL, "")
        if not url:
            raise EngineError(
                "nothing says where Airflow is", f"set {URL}, or give --server: https://HOST[:PORT]"
            )
        self._api = HttpApi(
            "Airflow",
            url,
            extra="airflow",
            authentication=f"set {TOKEN}, or {USERNAME} and {PASSWORD}",
        )
        self.url = self._api.url
        self._has_token = False

    def call(
        self, method: str, path: str, *, query: Parameters | None = None, body: object = None
    ) -> Any:
        """Return what the server answers at `path` below /api/v2.

        Raises:
            EngineError: it cannot be reached, or refuses.
        """
        if not self._has_token:
            self._authorize()
        try:
            return self._api.call(method, f"/api/v2{path}", query=query, body=body)
        except Refused as error:
            if error.status != 401 or os.environ.get(TOKEN):
                raise
            self._authorize()  # the token has expired
            return self._api.call(method, f"/api/v2{path}", query=query, body=body)

    def pages(self, path: str, key: str, query: Parameters | None = None) -> Iterator[Any]:
        """Yield all objects of a list, which stand under `key` in each answer.

        Raises:
            EngineError: as for `call`.
        """
        given = 0
        while True:
            page = {**(query or {}), "limit": _PAGE, "offset": given}
            answer = self.call("GET", path, query=page)
            yield from answer[key]
            given += len(answer[key])
            if not answer[key] or given >= answer["total_entries"]:
                return

    def _authorize(self) -> None:
        """Take the token of the environment, or one that the server gives for a name.

        An Airflow that lets everybody in gives one for nothing.
        """
        token, name = os.environ.get(TOKEN, ""), os.environ.get(USERNAME, "")
        if not token and name:
            who = {"username": name, "password": os.environ.get(PASSWORD, "")}
            token = self._api.call("POST", "/auth/token", body=who)["access_token"]
        elif not token:
            token = self._token_for_nothing()
        self._api.authorize(f"Bearer {token}")
        self._has_token = True

    def _token_for_nothing(self) -> str:
        try:
            return str(self._api.call("GET", "/auth/token")["access_token"])
        except Refused:
            raise EngineError(
                f"Airflow at {self.url} asks who we are",
                f"set {TOKEN}, or {USERNAME} and {PASSWORD}",
            ) from None


def run_path(dag: str, run: str) -> str:
    """Return the path of a run of `dag`."""
    return f"/dags/{part(dag)}/dagRuns/{part(run)}"


def part(name: str) -> str:
    """Return `name` as a part of a path: an id of a run may hold `+`, `:` and even `/`."""
    return quote(name, safe="")
