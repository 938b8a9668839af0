"""The order of a compilation: the only file that knows it."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.compiler import capabilities, ignores, ir, placements
from headrace.compiler.capabilities import Feature
from headrace.compiler.configuration import Configuration, load
from headrace.compiler.dataflow import walk
from headrace.compiler.diagnostics import Diagnostic, Severity, Sink
from headrace.compiler.image_lock import pinned
from headrace.compiler.passes.flatten import flatten
from headrace.compiler.passes.gathered import mark_gathered
from headrace.compiler.passes.prune import prune
from headrace.compiler.passes.rewriting import with_steps
from headrace.compiler.placements import Placed
from headrace.compiler.processes import side_by_side
from headrace.compiler.registry import MANIFEST_TARGETS, load_launcher, load_target
from headrace.compiler.source import SourceFile, Span
from headrace.compiler.target import ManifestFile, Target
from headrace.compiler.verify import verify

if TYPE_CHECKING:
    from headrace.compiler.configuration import Configuration
    from headrace.compiler.frontend.given import Given
    from headrace.compiler.frontend.project import Project


@dataclass
class Compilation:
    """What became of the source file `path`; `pipeline` is None when there was an error.

    `is_only_configuration` tells that the source has no other: no profile, and no `--set`.
    `checked` are the targets that it was compiled for so far, each with the names of all files that
    some settings make there.
    """

    path: Path
    pipeline: ir.Pipeline | None
    diagnostics: Sink
    sources: dict[str, SourceFile] = field(default_factory=dict)
    import_path: list[Path] = field(default_factory=list)
    project_folder: Path = field(default_factory=Path)
    requires_python: str | None = None
    is_only_configuration: bool = False
    project: "Project | None" = None
    configuration: Configuration | None = None
    checked: dict[str, tuple[str, ...]] = field(default_factory=dict)


def compile_source(
    path: Path,
    function: str | None = None,
    *,
    settings: tuple[str, ...] = (),
    profile: str | None = None,
) -> Compilation:
    """Compile the pipeline `function` (by default `pipeline`) of the module at `path` to the IR.

    `settings` are overrides as `--set` takes them. Nothing of the module is imported or run.
    """
    # The frontend is the heaviest part, and `emit` alone does not need it.
    from headrace.compiler.frontend.importable import check_importable
    from headrace.compiler.frontend.pipeline import lower_pipeline
    from headrace.compiler.frontend.project import Project

    sys.set_int_max_str_digits(0)  # an integer of any size is a constant like another
    sink = Sink()
    project = Project(path.absolute(), sink)
    if project.main is None or not check_importable(project, sink):
        return Compilation(path, None, sink, project.sources)
    configuration = load(path.absolute(), project.main.source, profile, settings, sink)
    placements.check_names(configuration, sink)
    pipeline = lower_pipeline(project, function, configuration, sink)
    if pipeline is not None:
        verify(pipeline, steered=True)
        pruned = prune(pipeline)
        if pruned is not pipeline:
            verify(pruned, steered=True)
        pipeline = mark_gathered(pruned).replace(defaults=configuration.step([]))
    return Compilation(
        path,
        pipeline,
        sink,
        {**configuration.sources, **project.sources},
        [project.import_root],
        configuration.project_folder,
        configuration.requires_python,
        not settings and not configuration.has_profiles,
        project,
        configuration,
    )


def given_parameters(compilation: Compilation) -> "Given":
    """Return what a run of the compiled pipeline can be given."""
    from headrace.compiler.frontend.annotations import signature_types
    from headrace.compiler.frontend.given import Given

    project, pipeline = compilation.project, compilation.pipeline
    if project is None or project.main is None or pipeline is None:
        return Given()
    definition = project.resolve(project.main, pipeline.function.partition(":")[2])
    return Given(signature_types(project, definition)[0], project) if definition else Given()


def findings(compilation: Compilation) -> list[Diagnostic]:
    """Return all diagnostics but the warnings that the source silences, in order of their places.

    Comments that silence nothing are among them, as far as this compilation can know.
    """
    return ignores.applied(compilation.diagnostics, compilation.sources, _read(compilation))


def _read(compilation: Compilation) -> ignores.Read | None:
    pipeline = compilation.pipeline
    if pipeline is None or compilation.diagnostics.failed:
        return None
    stages = {"frontend"}
    wanted = pipeline.settings.targets or MANIFEST_TARGETS
    # Another profile, or another target, may have warnings that this compilation has not.
    if compilation.is_only_configuration and compilation.checked.keys() >= set(wanted):
        stages |= {"configuration", "target"}
    functions = (pipeline.span, *(function.span for function in pipeline.functions))
    return ignores.Read(pipeline.span.path, functions, frozenset(stages))


@dataclass(frozen=True)
class _Emitted:
    """What a target made of a pipeline, or what it found that stands in the way."""

    found: tuple[Diagnostic, ...]
    files: tuple[ManifestFile, ...]
    file_names: tuple[str, ...]


def emit(
    compilation: Compilation, target_names: Iterable[str], *, processes: int = 1
) -> dict[str, tuple[ManifestFile, ...]]:
    """Return the files of each target; empty when one of them cannot express the pipeline.

    What stands in the way is added to the compilation's diagnostics. With several `processes` the
    targets work side by side, for which the caller has no threads.

    Raises:
        KeyError: there is no target of that name.
        InternalError: a target wrote a manifest that is wrong.
    """
    pipeline = compilation.pipeline
    names = tuple(target_names)
    if pipeline is None:
        return {}
    sink = compilation.diagnostics
    _warn_about_delivery(compilation, pipeline, sink)
    if pipeline.artifacts_at is not None:
        _warn_about_store(pipeline, pipeline.artifacts_at, compilation.configuration, sink)
    placed: Sequence[Placed] = ()
    if compilation.configuration is not None:
        placed = placements.check(pipeline, compilation.configuration, sink)
        for finding in _pod_findings(pipeline, compilation.configuration):
            sink.add(finding)
    if not sink.failed and any(feature is Feature.HOSTS for feature, _ in placed):
        pipeline = _with_launchers(pipeline)

    def emitted(name: str) -> _Emitted:
        return _emitted(compilation, pipeline, load_target(name), placed)

    made = side_by_side(emitted, names) if processes > 1 else [emitted(name) for name in names]
    for each in made:
        for diagnostic in each.found:
            sink.add(diagnostic)
    if sink.failed:
        return {}
    compilation.checked |= {name: each.file_names for name, each in zip(names, made, strict=True)}
    return {name: each.files for name, each in zip(names, made, strict=True)}


def _with_launchers(pipeline: ir.Pipeline) -> ir.Pipeline:
    """Return `pipeline` with what starts several hosts in the place of each step on some."""
    launcher = load_launcher()
    return pipeline.replace(body=with_steps(pipeline.body, lambda node: launcher(node, pipeline)))


def _emitted(
    compilation: Compilation, pipeline: ir.Pipeline, target: Target, placed: Sequence[Placed]
) -> _Emitted:
    found = Sink()
    for diagnostic in capabilities.check(pipeline, target.capabilities, placed):
        found.add(diagnostic)
    files: tuple[ManifestFile, ...] = ()
    if not found.failed and not compilation.diagnostics.failed:
        given = lowered(pipeline, target)
        for diagnostic in target.check(given):
            found.add(diagnostic)
        if not found.failed:
            files = target.emit(given)
    return _Emitted(tuple(found), files, target.file_names(pipeline))


def _pod_findings(pipeline: ir.Pipeline, configuration: "Configuration") -> Iterator[Diagnostic]:
    """Yield what is wrong with the pods that the steps of `pipeline` ask for, on every target."""
    if configuration.sets("secrets", "config_maps", "resources", "pod"):
        from headrace.compiler.pod_conflicts import conflicts

        yield from conflicts(pipeline, configuration)
    if any(True for _ in configuration.policies()):
        from headrace.compiler.policy import violations

        yield from violations(pipeline, configuration)


def lowered(pipeline: ir.Pipeline, target: Target) -> ir.Pipeline:
    """Return `pipeline` after the passes that `target` needs."""
    if not target.capabilities.flattens_maps or pipeline.defaults is None:
        return pipeline
    flat = flatten(pipeline, pipeline.defaults)
    if flat is not pipeline:
        verify(flat, steered=True)
        flat = mark_gathered(prune(flat))
        verify(flat, steered=True)
    return flat


def _warn_about_store(
    pipeline: ir.Pipeline, at: Span, configuration: Configuration | None, sink: Sink
) -> None:
    """Warn if no store is set, or if an image has nothing to reach it; an artifact is made `at`."""
    if pipeline.settings.store is None:
        sink.report(
            "HR407",
            "no store is set for the artifacts that steps hand on: each run has to give one",
            at,
            label="hands on an artifact",
            severity=Severity.WARNING,
            hint='set `store = "..."` to a folder or a bucket that all pods reach',
        )
    if configuration is None or not pipeline.settings.store_packages:
        return
    steps = [node for node in walk(pipeline.body) if isinstance(node, ir.Call | ir.Compute)]
    for image, hint in _without_client(configuration, {step.settings.image for step in steps}):
        sink.report(
            "HR410",
            f"the store {pipeline.settings.store} is reached with the package obstore, which the "
            f"image {image} lacks",
            at,
            label="hands on an artifact",
            severity=Severity.WARNING,
            hint=hint,
        )


def _without_client(configuration: Configuration, used: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the `used` images that are known to lack obstore, each with a way out."""
    if configuration.stock_image in used:
        hint = "set `image` to one that `headrace image` builds, which adds it, or that has it"
        yield configuration.stock_image, hint
    for name, image in configuration.images.items():
        if pinned(name, configuration.images) in used and "obstore==" not in image.requirements:
            yield name, "run `headrace image --push` again, which adds it, and compile after it"


def _warn_about_delivery(compilation: Compilation, pipeline: ir.Pipeline, sink: Sink) -> None:
    configuration = compilation.configuration
    if configuration is None or compilation.project is None:
        return
    steps = [node for node in walk(pipeline.body) if isinstance(node, ir.Call)]
    _warn_about_images(configuration, pipeline, steps, sink)
    if not pipeline.code.sources_travel:
        return
    from headrace.compiler.frontend.inline_code import warn_of_files, warn_of_packages

    inline = [step for step in steps if step.settings.code == "inline"]
    if any(step.settings.image == configuration.stock_image for step in inline):
        warn_of_packages(compilation.project, pipeline, configuration.dependencies, sink)
    if inline:
        warn_of_files(compilation.project, sink)


def _warn_about_images(
    configuration: Configuration, pipeline: ir.Pipeline, steps: Iterable[ir.Call], sink: Sink
) -> None:
    used = {step.settings.image for step in steps if step.settings.code == "image"}
    for name, image in configuration.images.items():
        if pinned(name, configuration.images) in used and pipeline.code.digest not in image.code:
            sink.report(
                "HR409",
                f"the image {name} holds other code than this, and steps would refuse to run it",
                pipeline.span,
                label="changed since `headrace image` built it",
                severity=Severity.WARNING,
                hint="run `headrace image --push` again, and compile after it",
            )
