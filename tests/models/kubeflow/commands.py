"""What a container is started with, after Kubeflow, Argo and Kubernetes had its texts."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from models import kubernetes
from models.argo.substitution import TemplateError, replaced
from models.errors import RunStuck
from models.kubeflow.values import Value, text_of

POD_NAME = "KFP_POD_NAME"
_PLACEHOLDER = re.compile(
    r"\{\{\$\.(inputs|outputs)\.parameters\['([^']*)'\](?:\.output_file)?\}\}"
)
_ARGO_INPUT = re.compile(r"\{\{\s*inputs\.parameters\.")


def command(
    container: Mapping[str, Any],
    inputs: Mapping[str, Value],
    paths: Mapping[str, str],
    run: str = "run",
    variables: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the command of a container whose outputs are files at `paths`.

    What stands in a value is read once more: by Kubeflow, if it looks like a placeholder of an
    input that there is, by Argo and by the kubelet.

    Raises:
        RunStuck: the driver fails, Argo ends the run, or the process cannot be started.
    """

    def replace(match: re.Match[str]) -> str:
        if match[1] == "outputs":
            return paths[match[2]]
        if match[2] not in inputs:
            raise RunStuck(f"parameter {match[2]!r} not found in executor input")
        return text_of(inputs[match[2]])

    def again(match: re.Match[str]) -> str:
        known = match[2] in (inputs if match[1] == "inputs" else paths)
        return replace(match) if known else match[0]

    texts = (*container["command"], *container.get("args", ()))
    given = [own for text in texts for own in _conditional(text, inputs)]
    once = [_PLACEHOLDER.sub(replace, text) for text in given]
    twice = [_PLACEHOLDER.sub(again, text) for text in once]
    try:
        # Nested as a pod is, whose braces end a tag that nothing else does.
        by_argo = replaced({"spec": {"args": twice}}, {"workflow.name": run})["spec"]["args"]
    except TemplateError as error:
        raise RunStuck(str(error)) from None
    own = {POD_NAME: f"{run}-pod", **(variables or {})}
    resolved = [kubernetes.expanded(text, own) for text in by_argo]
    if kubernetes.cannot_start(resolved, own):
        raise RunStuck("argument list too long")
    return resolved


def _conditional(text: str, inputs: Mapping[str, Value]) -> Iterator[str]:
    """Yield the text, or what `IfPresent` makes of it; `Concat` is left as it stands."""
    if not text.startswith('{"IfPresent"'):
        yield text
        return
    choice = json.loads(text)["IfPresent"]
    chosen = choice["Then"] if choice["InputName"] in inputs else choice.get("Else", ())
    yield from [chosen] if isinstance(chosen, str) else chosen


def is_refused(text: str) -> bool:
    """Whether Argo's validation, and with it the API server, refuses a text of a manifest."""
    return _ARGO_INPUT.search(text) is not None
