"""The configuration: read from every place that may hold some, checked, merged.

Later wins, key by key: the `[tool.headrace]` of the module's PEP 723 block; `headrace.toml`, or the
`[tool.headrace]` of `pyproject.toml`, found upwards from the module; the profile; the overrides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TypeAlias

import msgspec

from headrace.compiler.configuration_files import (
    Origin,
    Tree,
    parse_override,
    read_policies,
    read_project,
    read_script_block,
    script_metadata,
    table_or_empty,
    text_or_none,
    tool_table,
)
from headrace.compiler.configuration_schema import OVERRIDES, Layer, checked_layer
from headrace.compiler.diagnostics import Sink
from headrace.compiler.image_lock import LockedImage, pinned, read_lock
from headrace.compiler.requires_python import DEFAULT_MINOR, lowest_minor
from headrace.compiler.settings import BuildSettings, PipelineSettings, Policy, StepSettings
from headrace.compiler.source import COMMAND_LINE, SourceFile, Span
from headrace.compiler.suggestions import did_you_mean, known_names
from headrace.compiler.toml_places import TomlPath, TomlPlaces

PolicyPlaces: TypeAlias = Callable[[TomlPath], Span | None]
"""Gives the place of a key of a policy."""


@dataclass(frozen=True)
class Configuration:
    """The merged configuration of one module.

    `layers` were merged, the later over the earlier ones, but for their policies, which add up.
    `project_folder` is the folder of the configuration file, else of the nearest `pyproject.toml`,
    else the module's own. `sources` are the files read beside the module, by the path that
    messages show. `dependencies` are those of the PEP 723 block; `requires_python` is that of the
    block, else that of the project. `images` are those of the lock file.
    """

    tree: Tree
    project_folder: Path
    stock_image: str
    requires_python: str | None = None
    dependencies: tuple[str, ...] = ()
    images: dict[str, LockedImage] = field(default_factory=dict)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    profile: str | None = None

    @property
    def pipeline(self) -> PipelineSettings:
        """The settings of the pipeline as a whole; a schedule without a cron is none."""
        names = ("schedule", "targets", "platform", "accelerators")
        values = {name: self.tree[name] for name in names if name in self.tree}
        values |= {"store": self._store.get("url"), "store_access": self._store_access}
        if not values.get("schedule", {}).get("cron"):
            values.pop("schedule", None)
        return msgspec.convert(values, PipelineSettings)

    @property
    def pipelines(self) -> tuple[str, ...]:
        """The names of the functions that are pipelines beside `pipeline`."""
        return tuple(self.tree.get("pipelines", ()))

    @property
    def build(self) -> BuildSettings:
        """What `headrace image` builds for all steps without an image of their own."""
        # Not every builder takes a name without its registry.
        stock = {"base": f"docker.io/library/{self.stock_image}"}
        image = self._merged_defaults().get("image")
        return BuildSettings(image=image, **{**stock, **self.tree.get("build", {})})

    @property
    def has_profiles(self) -> bool:
        """Whether another configuration than this one is there to choose."""
        return any(layer.tree.get("profiles") for layer in self.layers)

    def step(self, names: Sequence[str]) -> StepSettings:
        """Return the settings of the step that has `names`, the more specific ones later."""
        own = [self.tree["steps"][n] for n in dict.fromkeys(names) if n in self._configured_steps]
        if not own:
            return self._defaults
        merged = self._merged_defaults()
        for tree in own:
            _merge(merged, tree)
        return self._step_settings(merged)

    @property
    def _store(self) -> Tree:
        return table_or_empty(self.tree.get("store"))

    @property
    def _store_access(self) -> Tree:
        return {name: value for name, value in self._store.items() if name != "url"}

    @property
    def _configured_steps(self) -> Tree:
        return table_or_empty(self.tree.get("steps"))

    @cached_property
    def _defaults(self) -> StepSettings:
        return self._step_settings(self._merged_defaults())

    def _step_settings(self, merged: Tree) -> StepSettings:
        """Return `merged` with an image; the stock one has no code, which then travels beside."""
        code = "image" if "image" in merged else "inline"
        stock = {"image": self.stock_image, "code": code}
        settings = {**stock, **merged}
        settings["image"] = pinned(settings["image"], self.images)
        return msgspec.convert(settings, StepSettings)

    def _merged_defaults(self) -> Tree:
        merged: Tree = {}
        _merge(merged, self._store_access)
        _merge(merged, self.tree.get("defaults", {}))
        for name in ("image", "code"):
            if name in self.tree:
                merged[name] = self.tree[name]
        return merged

    def check_code(self, sink: Sink) -> None:
        """Report every `code = "image"` that stands where no image is set."""
        tables: list[tuple[TomlPath, Tree]] = [((), self._merged_defaults())]
        tables += [(("steps", name), tree) for name, tree in self._configured_steps.items()]
        everywhere = tables[0][1].get("image")
        for path, tree in tables:
            if tree.get("code") == "image" and not tree.get("image", everywhere):
                hint = "set `image` to one that `headrace image` built, or take `code` away"
                message = 'no image is set that `code = "image"` could mean'
                sink.report("HR402", message, self._place((*path, "code")), hint=hint)

    def _place(self, path: TomlPath) -> Span | None:
        """Return where the setting at `path` was written last, in a profile too."""
        found = [
            layer.origin.value((*prefix, *path))
            for layer in self.layers
            for prefix in ((), ("defaults",), *_profiles(layer))
        ]
        return next(filter(None, reversed(found)), None)

    def sets(self, *keys: str) -> bool:
        """Return whether one of `keys` is set for any step, or for the store."""
        defaults = table_or_empty(self.tree.get("defaults"))
        tables = [self._store, defaults, *self._configured_steps.values()]
        return any(key in table for table in tables for key in keys)

    def places(self, names: Sequence[str], path: TomlPath) -> Iterator[Span]:
        """Yield where `path` is set for the step that has `names`: what wins first."""
        tables: list[TomlPath] = [("steps", name) for name in reversed(dict.fromkeys(names))]
        if path == ("image",):
            tables.append(())
        for table in (*tables, ("defaults",), ("store",)):
            for layer, prefix in self._latest_first():
                span = layer.origin.value((*prefix, *table, *path))
                if span is not None:
                    yield span

    def policies(self) -> Iterator[tuple[Policy, PolicyPlaces]]:
        """Yield every policy, wherever it stands, and what gives the place of a key of it."""
        for layer, prefix in reversed(self._latest_first()):
            tree = layer.tree
            for name in prefix:
                tree = table_or_empty(tree.get(str(name)))
            if "policy" in tree:
                yield (
                    msgspec.convert(tree["policy"], Policy),
                    partial(_policy_place, layer.origin, prefix),
                )

    def check_steps(self, known: set[str], sink: Sink) -> None:
        """Report every table for a step whose name is not in `known`."""
        for layer, prefix, tree in self.tables():
            for name in tree.get("steps", {}):
                if name not in known:
                    span = layer.origin.key((*prefix, "steps", name))
                    hint = did_you_mean(name, known) or (
                        known_names(known) if known else "remove the table: there are no steps"
                    )
                    sink.report("HR401", f'no step is called "{name}"', span, hint=hint)

    def tables(self) -> Iterator[tuple[Layer, TomlPath, Tree]]:
        """Yield each table that may hold all settings, with its place: also those of profiles."""
        for layer in self.layers:
            yield layer, (), layer.tree
            for name, tree in layer.tree.get("profiles", {}).items():
                yield layer, ("profiles", name), tree

    def place_of(self, names: Sequence[str], key: str) -> Span | None:
        """Return where the setting `key` of the step that has `names` gets its value."""
        return next(self.places(names, (key,)), None)

    def place_of_all(self, key: str) -> Span | None:
        """Return where the setting `key` of the pipeline as a whole gets its value."""
        found = (layer.origin.value((*prefix, key)) for layer, prefix in self._latest_first())
        return next((span for span in found if span), None)

    def _latest_first(self) -> list[tuple[Layer, TomlPath]]:
        """Return the layers, each with the table that counts there, the last to win first."""
        late = [each for each in reversed(self.layers) if _is_override(each)]
        early = [each for each in reversed(self.layers) if not _is_override(each)]
        found: list[tuple[Layer, TomlPath]] = [(layer, ()) for layer in late]
        if self.profile is not None:
            found += [(layer, ("profiles", self.profile)) for layer in early]
        return found + [(layer, ()) for layer in early]


def _profiles(layer: Layer) -> Iterator[TomlPath]:
    for name in layer.tree.get("profiles", {}):
        yield from (("profiles", name), ("profiles", name, "defaults"))


def _policy_place(origin: Origin, prefix: TomlPath, path: TomlPath) -> Span | None:
    return origin.value((*prefix, "policy", *path))


def load(
    module_path: Path,
    source: SourceFile,
    profile: str | None,
    overrides: Sequence[str],
    sink: Sink,
) -> Configuration:
    """Return the configuration of the module at `module_path`, whose text is `source`.

    `overrides` are texts such as `steps.train.memory=64Gi`. All that is wrong goes to `sink`; the
    result then holds what is right.
    """
    block = read_script_block(source, sink)
    own, dependencies = script_metadata(*block, sink) if block else (None, ())
    sources: dict[str, SourceFile] = {}
    module_folder = module_path.resolve().parent
    file, folder, project = read_project(module_folder, sink, sources)
    layers = [checked_layer(block[0], tool_table(*block, sink), sink)] if block else []
    if file:
        layers.append(checked_layer(file[0], file[1], sink))
    for further in read_policies(module_folder, folder, file and file[0], sink, sources):
        layers.append(checked_layer(*further, sink))
    tree: Tree = {}
    for layer in layers:
        _merge(tree, layer.tree)
    profiles = tree.pop("profiles", {})
    if profile is not None and profile not in profiles:
        known = known_names(profiles) if profiles else f"add a table [profiles.{profile}]"
        hint = did_you_mean(profile, profiles) or known
        sink.report("HR404", f'no profile is called "{profile}"', None, hint=hint)
    _merge(tree, profiles.get(profile, {}))
    for override in _read_overrides(overrides, sink, sources):
        layers.append(override)
        _merge(tree, override.tree)
    _check_schedule(tree, layers, sink)
    _check_accelerators(tree, layers, sink)
    required = own or text_or_none(project.get("requires-python"))
    configuration = Configuration(
        tree=tree,
        project_folder=folder,
        stock_image=_stock_image(block if own else None, required, sink),
        requires_python=required,
        dependencies=dependencies,
        images=read_lock(folder, sink),
        sources=sources,
        layers=tuple(layers),
        profile=profile,
    )
    configuration.check_code(sink)
    return configuration


def _read_overrides(
    overrides: Sequence[str], sink: Sink, sources: dict[str, SourceFile]
) -> Iterator[Layer]:
    """Yield each override as a layer; messages show them as the lines of a file `--set`."""
    text = "\n".join(override.replace("\n", " ").replace("\r", " ") for override in overrides)
    source = SourceFile(Path(COMMAND_LINE), COMMAND_LINE, text)
    if overrides:
        sources[COMMAND_LINE] = source
    for number, override in enumerate(overrides, 1):
        key, equals, value = override.partition("=")
        parsed = parse_override(key, value) if equals else None
        if parsed is None:
            end = len(override) + 1
            span = Span(path=COMMAND_LINE, line=number, end_line=number, end_column=end)
            hint = "write --set dotted.path=VALUE, as in --set steps.train.memory=64Gi"
            sink.report("HR402", f"cannot read --set {override}", span, hint=hint)
            continue
        written, tree = parsed
        origin = Origin(source, TomlPlaces(written), first_line=number)
        yield checked_layer(origin, tree, sink, OVERRIDES)


def _merge(into: Tree, tree: Tree) -> None:
    """Put `tree` into `into`, table by table; in a clash the value of `tree` stays."""
    for name, value in tree.items():
        if isinstance(value, dict):
            inner = dict(table_or_empty(into.get(name)))
            _merge(inner, value)
            into[name] = inner
        else:
            into[name] = value


def _is_override(layer: Layer) -> bool:
    return layer.origin.source.shown_path == COMMAND_LINE


def _check_schedule(tree: Tree, layers: Sequence[Layer], sink: Sink) -> None:
    schedule = tree.get("schedule")
    written = [layer for layer in layers if layer.origin.key(("schedule",))]
    if schedule and "cron" not in schedule and not sink.failed:
        span = written[-1].origin.key(("schedule",)) if written else None
        hint = 'add cron = "0 3 * * *"'
        sink.report("HR402", "`schedule` says no cron", span, hint=hint)


def _check_accelerators(tree: Tree, layers: Sequence[Layer], sink: Sink) -> None:
    for name, table in table_or_empty(tree.get("accelerators")).items():
        if not table.keys() & {"resource", "device_class"} and not sink.failed:
            places = [layer.origin.key(("accelerators", name)) for layer in layers]
            span = next((place for place in reversed(places) if place), None)
            hint = 'add resource = "nvidia.com/gpu", or a device_class'
            sink.report("HR402", f"`accelerators.{name}` says no resource", span, hint=hint)


def _stock_image(block: tuple[Origin, Tree] | None, required: str | None, sink: Sink) -> str:
    try:
        minor = lowest_minor(required) if required else DEFAULT_MINOR
    except ValueError as error:
        origin = block[0] if block else None
        place = origin.places.value(("requires-python",)) if origin else None
        span = origin.span(place) if origin else None
        message = f"`requires-python` cannot be used: {error}"
        sink.report("HR402", message, span, hint='write it as ">=3.11", or ">=3.11,<3.14"')
        minor = DEFAULT_MINOR
    return f"python:3.{minor}-slim"
