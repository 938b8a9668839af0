"""What an image is to be: read from the configuration of its pipelines and from the lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.compiler.configuration import Configuration
from headrace.compiler.driver import Compilation
from headrace.compiler.image.builders import Builder
from headrace.compiler.image.recipe import Recipe, RecipeError, included, recipe
from headrace.compiler.image.requirements import locked_requirements
from headrace.compiler.image_lock import LockedImage, write_lock
from headrace.compiler.requires_python import DEFAULT_MINOR, lowest_minor


@dataclass(frozen=True)
class Plan:
    """The image `tag`, on `base`, with the code and the packages of `compilations`."""

    tag: str
    base: str
    compilations: tuple[Compilation, ...]
    configurations: tuple[Configuration, ...]
    dependencies: tuple[str, ...]
    python: str

    @classmethod
    def of(cls, compilations: Sequence[Compilation], tag: str | None) -> "Plan":
        """Return the plan for the pipelines of `compilations`, which are free of errors.

        Raises:
            RecipeError: they ask for different things, or no tag is known.
        """
        found = [each.configuration for each in compilations]
        configurations = [each for each in found if each is not None]
        python = _agreed("requires-python", [_python(each) for each in configurations])
        tag = tag or _agreed("image", [each.build.image for each in configurations])
        if tag is None:
            raise RecipeError("no image is set: name it with --tag, or in [tool.headrace]")
        if "@" in tag:
            raise RecipeError(f"{tag} has a digest already: name the image by a tag")
        base = _agreed("build.base", [each.build.base for each in configurations])
        assert base is not None
        assert python is not None
        needed = [*(d for each in configurations for d in each.dependencies)]
        needed += _store_packages(configurations)
        dependencies = tuple(dict.fromkeys(needed))
        return cls(tag, base, tuple(compilations), tuple(configurations), dependencies, python)

    @property
    def locked(self) -> LockedImage | None:
        """What the lock says of the image."""
        return self.configurations[0].images.get(self.tag)

    def lock(self, entry: LockedImage) -> Path:
        """Have the lock say `entry` of the image; return the lock's path.

        Raises:
            OSError: it cannot be written.
        """
        first = self.configurations[0]
        return write_lock(first.project_folder, {**first.images, self.tag: entry})

    def needs_registry(self, locked: LockedImage | None) -> bool:
        """Whether only a registry knows the digest of the base."""
        return "@" not in self.base and not self._is_locked(locked)

    def _is_locked(self, locked: LockedImage | None) -> bool:
        return bool(locked and locked.base and locked.base.startswith(f"{self.base}@"))

    def base_digest(self, locked: LockedImage | None, builder: Builder | None) -> str:
        """Return the base with a digest: its own, that of the lock, or that of its registry.

        Raises:
            RecipeError: it cannot be had.
        """
        if self.needs_registry(locked):
            assert builder is not None
            return f"{self.base}@{builder.digest_of(self.base)}"
        return locked.base if locked and locked.base and "@" not in self.base else self.base

    def requirements(self, locked: LockedImage | None) -> str:
        """Return what pip installs: as the lock says, where it was made for the same.

        Raises:
            RecipeError: it cannot be had.
        """
        wanted = (self.dependencies, self.python)
        if locked and (locked.dependencies, locked.python) == wanted:
            return locked.requirements
        script = self.compilations[0].path if len(self.compilations) == 1 else None
        further = _store_packages(self.configurations)
        return locked_requirements(self.dependencies, self.python, script, further)

    def recipe(self, base: str, requirements: str) -> Recipe:
        """Return what the image is built from, on `base`, which has a digest.

        Raises:
            RecipeError: two projects have different files of one name, or one names none.
            OSError: a file cannot be read.
        """
        code: dict[str, bytes] = {}
        for compilation, configuration in zip(self.compilations, self.configurations, strict=True):
            _merge(code, _code(compilation, configuration.build.include))
        names = [compilation.path.name for compilation in self.compilations]
        return recipe(names, base, requirements, code)

    def entry(self, base: str, requirements: str, digest: str | None) -> LockedImage:
        """Return what the lock says of the image, once it is built."""
        pipelines = (compilation.pipeline for compilation in self.compilations)
        return LockedImage(
            code=tuple(dict.fromkeys(p.code.digest for p in pipelines if p is not None)),
            base=base,
            python=self.python,
            dependencies=self.dependencies,
            requirements=requirements,
            digest=digest,
        )


def _python(configuration: Configuration) -> str:
    required = configuration.requires_python
    return f"3.{lowest_minor(required) if required else DEFAULT_MINOR}"


def _store_packages(configurations: Sequence[Configuration]) -> list[str]:
    """Return the packages that no module declares, with which steps reach their store."""
    return [package for each in configurations for package in each.pipeline.store_packages]


def _agreed(what: str, values: Sequence[str | None]) -> str | None:
    """Return the one value; pipelines of one image must not differ in it.

    Raises:
        RecipeError: they do.
    """
    different = sorted({value or "none" for value in values})
    if len(different) > 1:
        raise RecipeError(f"one image cannot have several of {what}: {', '.join(different)}")
    return values[0]


def _code(compilation: Compilation, include: Sequence[str]) -> dict[str, bytes]:
    project = compilation.project
    assert project is not None
    root = project.import_root
    files = [path.relative_to(root).as_posix() for path in project.closure().values()]
    modules = {path: Path(root, path).read_bytes() for path in files}
    return included(root, include) | modules


def _merge(into: dict[str, bytes], files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        if into.setdefault(path, content) != content:
            raise RecipeError(f"two different files would be {path} in the image: rename one")
