"""Settings of a pod that do not fit together, of which Kubernetes would take one or none."""

from collections import Counter
from collections.abc import Iterator

from headrace.compiler import ir
from headrace.compiler.configuration import Configuration
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.pod_findings import Finding, diagnostics, path_in_pod
from headrace.compiler.pods import (
    MAIN,
    Tree,
    containers,
    main_container,
    pod,
    written_resources,
)
from headrace.compiler.settings import StepSettings
from headrace.compiler.toml_places import TomlPath

CODE = "HR441"
"""Settings of a pod that do not fit together."""


def conflicts(pipeline: ir.Pipeline, configuration: Configuration) -> Iterator[Diagnostic]:
    """Yield an error for each setting of a pod that contradicts another one."""
    return diagnostics(pipeline, configuration, _of_pod)


def _of_pod(settings: StepSettings) -> Iterator[Finding]:
    made = pod(settings, written_resources(settings))
    yield from _variables(settings, made)
    yield from _volumes(settings, made)
    yield from _mounts(settings, made)
    yield from _names(settings, made)
    yield from _huge_pages(settings, made)


def _variables(settings: StepSettings, made: Tree) -> Iterator[Finding]:
    container = main_container(made)
    times = Counter(variable["name"] for variable in container["env"])
    both = {v["name"] for v in container["env"] if "value" in v and "valueFrom" in v}
    for name in times:
        if times[name] > 1 or name in both:
            kinds = ("config_maps", "secrets", "env")
            sources = [kind for kind in kinds if name in getattr(settings, kind)]
            sources = sources if len(sources) > 1 else ["pod", *sources]
            paths: tuple[TomlPath, ...] = tuple((kind, name) for kind in sources)
            yield Finding(
                CODE,
                f"the variable `{name}` is set by {' and by '.join(f'`{s}`' for s in sources)}",
                "keep one of them",
                (*paths, *path_in_pod(settings, "containers", MAIN, "env")),
            )


def _volumes(settings: StepSettings, made: Tree) -> Iterator[Finding]:
    for volume in made["spec"].get("volumes", ()):
        sources = [field for field in volume if field != "name"]
        if len(sources) != 1:
            told = " and ".join(sources) or "none"
            yield Finding(
                CODE,
                f"the volume `{volume.get('name', '')}` must have one source: it has {told}",
                "give it one source, under a name of its own",
                path_in_pod(settings, "volumes", volume.get("name")),
            )


def _mounts(settings: StepSettings, made: Tree) -> Iterator[Finding]:
    known = {volume.get("name") for volume in made["spec"].get("volumes", ())}
    for kind, container in containers(made):
        for mount in container.get("volumeMounts", ()):
            if mount.get("name") not in known:
                yield Finding(
                    CODE,
                    f"container `{container['name']}` mounts a volume that is not there: "
                    f"`{mount.get('name', '')}`",
                    "add it to `volumes`; those that headrace makes show in the manifest",
                    path_in_pod(settings, kind, container["name"], "volumeMounts"),
                )


def _names(settings: StepSettings, made: Tree) -> Iterator[Finding]:
    times = Counter(container["name"] for _, container in containers(made))
    for name, count in times.items():
        if count > 1:
            yield Finding(
                CODE,
                f"{count} containers are called `{name}`",
                "call each of them by a name of its own",
                path_in_pod(settings, "initContainers", name),
            )


def _huge_pages(settings: StepSettings, made: Tree) -> Iterator[Finding]:
    """Yield huge pages without cpu or memory, which the API server of Kubernetes refuses:
    https://kubernetes.io/docs/tasks/manage-hugepages/scheduling-hugepages/
    """
    for kind, container in containers(made):
        asked = container.get("resources", {})
        names = {**asked.get("requests", {}), **asked.get("limits", {})}
        pages = next((name for name in names if name.startswith("hugepages-")), None)
        if pages is not None and not names.keys() & {"cpu", "memory"}:
            is_main = container["name"] == MAIN
            own: tuple[TomlPath, ...] = (("resources", pages), ("resources",)) if is_main else ()
            yield Finding(
                CODE,
                f"container `{container['name']}` asks for {pages}, and for neither cpu nor memory",
                'set memory = "...": Kubernetes gives huge pages only beside one of the two',
                (*own, *path_in_pod(settings, kind, container["name"], "resources")),
            )
