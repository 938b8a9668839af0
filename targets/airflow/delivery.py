"""Sees that Airflow has a DAG as it was compiled, before a run of it is started."""

import os
import time
from pathlib import Path
from typing import Any

from headrace.compiler.engine import Connection, EngineError, Submission
from headrace.compiler.target import ManifestFile
from headrace.targets.airflow.emit import STORE_PARAMETER
from headrace.targets.airflow.rest import Rest, part
from headrace.targets.http_api import Refused
from headrace.targets.kubernetes_api import KubernetesApi, documents

_PAUSE = 2.0
"""Seconds between two looks at what Airflow has read."""

_LONGEST_WAIT = 600.0
"""Seconds after which a DAG processor that runs has found a new file: it looks for new ones every
300 (`[dag_processor] refresh_interval`)."""


def deliver(rest: Rest, submission: Submission, connection: Connection) -> None:
    """Write the DAG file to the folder of `submission`, if any; see that Airflow has read it.

    ConfigMaps with the code of steps, and the templates of their claims, are applied then, to the
    namespace of `connection`.

    Raises:
        EngineError: Airflow has another DAG of this name or none, cannot import it, or has paused
            it; or it is not said where its pods run.
    """
    file = _dag_file(submission)
    if submission.folder is not None:
        _apply_objects(submission, connection)
        _write(Path(submission.folder, file.name), file.text)
        _wait(rest, submission.pipeline, file)
    source = _source(rest, submission.pipeline)
    if source is None or source.strip() != file.text.strip():
        _refuse_import_errors(rest, file.name)
        there = "no DAG" if source is None else "another version of the DAG"
        raise EngineError(
            f"Airflow at {rest.url} has {there} {submission.pipeline!r}",
            f"deploy {file.name} as `headrace compile` writes it, or give --dags-folder DIR",
        )
    dag = rest.call("GET", f"/dags/{part(submission.pipeline)}/details")
    if submission.store is not None and STORE_PARAMETER not in (dag["params"] or {}):
        raise EngineError(
            f"the DAG {submission.pipeline!r} takes no other store than that of its configuration",
            "leave --store out, or compile without `store`",
        )
    if dag["is_paused"]:
        raise EngineError(
            f"the DAG {submission.pipeline!r} is paused: no run of it would start",
            f"airflow dags unpause {submission.pipeline}",
        )


def _dag_file(submission: Submission) -> ManifestFile:
    (file,) = (each for each in submission.files if each.name.endswith(".py"))
    return file


def _apply_objects(submission: Submission, connection: Connection) -> None:
    files = [file for file in submission.files if file.name.endswith(".yaml")]
    if files and connection.namespace is None:
        names = " and ".join(file.name for file in files)
        raise EngineError(
            f"the pods of the steps need {names}, and nothing says where Airflow's pods run",
            "give --namespace, in the cluster of the kubeconfig",
        )
    if files:
        cluster = KubernetesApi(connection, extra="argo")
        for file in files:
            for document in documents(file.text):
                cluster.apply(document)


def _write(path: Path, text: str) -> None:
    """Write the file as a whole: the DAG processor may read at any time."""
    if path.is_file() and path.read_bytes() == text.encode():
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise EngineError(f"cannot write {path}: {error.strerror}") from None


def _wait(rest: Rest, dag: str, file: ManifestFile) -> None:
    """Wait until Airflow has read `file`, or says why it cannot."""
    until = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < until:
        source = _source(rest, dag)
        if source is not None and source.strip() == file.text.strip():
            return
        _refuse_import_errors(rest, file.name)
        time.sleep(_PAUSE)
    raise EngineError(
        f"Airflow has not read {file.name} in {_LONGEST_WAIT:g} seconds",
        "is --dags-folder the folder of Airflow's DAGs, and does a DAG processor run?",
    )


def _source(rest: Rest, dag: str) -> str | None:
    """Return the source of `dag` as Airflow has read it last; None if it has none."""
    try:
        answer: Any = rest.call("GET", f"/dagSources/{part(dag)}")
    except Refused as error:
        if error.status == 404:
            return None
        raise
    return str(answer["content"] or "")


def _refuse_import_errors(rest: Rest, name: str) -> None:
    for error in rest.pages("/importErrors", "import_errors"):
        if Path(error["filename"]).name == name:
            raise EngineError(
                f"Airflow cannot import {name}:\n{str(error['stack_trace']).rstrip()}",
                "does Airflow have apache-airflow-providers-cncf-kubernetes 10 or later?",
            )
