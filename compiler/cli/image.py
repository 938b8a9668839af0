"""`headrace image`: the image that steps run in, built from the pipeline's own dependencies."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.compiler.cli.options import PipelineName, compiled, configuration_options, named

if TYPE_CHECKING:
    from headrace.compiler.image.builders import Builder
    from headrace.compiler.image.plan import Plan
    from headrace.compiler.image.recipe import Recipe
    from headrace.compiler.image_lock import LockedImage

_BUILDERS = ("docker", "podman", "buildah")


def _names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[PipelineName]:
    return [named(value) for value in values]


_EXAMPLES = """\b
Examples:
  headrace image pipeline.py                      (build the image that the configuration names)
  headrace image pipeline.py --push               (and have manifests name it by its digest)
  headrace image pipeline.py --print > Dockerfile
"""


@click.command("image", epilog=_EXAMPLES)
@click.argument(
    "pipelines",
    metavar="FILE[:FUNCTION]...",
    nargs=-1,
    required=True,
    type=click.Path(),
    callback=_names,
)
@click.option("--tag", metavar="IMAGE", help="What to call it. Default: `image`, as configured.")
@click.option("--push", is_flag=True, help="Push it, and lock its digest for manifests.")
@click.option("--print", "print_only", is_flag=True, help="Print the Dockerfile; build nothing.")
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    help="Write the Dockerfile, and what it is built from, into DIR; build nothing.",
)
@click.option(
    "--builder",
    type=click.Choice(_BUILDERS),
    help="The program that builds. Default: the first of these that is on PATH.",
)
@click.option("--platform", metavar="OS/ARCH", help="Build for it, as in linux/amd64.")
@click.option("--upgrade", is_flag=True, help="Find the newest base and packages, lock or no lock.")
@configuration_options
def image(
    pipelines: list[PipelineName],
    tag: str | None,
    push: bool,
    print_only: bool,
    out: str | None,
    builder: str | None,
    platform: str | None,
    upgrade: bool,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
) -> None:
    """Build the image that steps run in: Python, the dependencies, headrace's shim and the code.

    The dependencies are those of the module's PEP 723 block; uv finds their versions and hashes,
    and those stay as they are in headrace.lock, with the digests of the base and of the image.
    Several FILEs share one image. Steps with an image of their own are not asked for.
    """
    from headrace.compiler.image.builders import find_builder
    from headrace.compiler.image.plan import Plan
    from headrace.compiler.image.recipe import RecipeError

    compilations = [compiled(name, settings, profile, output_format) for name in pipelines]
    try:
        plan = Plan.of(compilations, tag)
        locked = None if upgrade else plan.locked
        if print_only or out is not None:
            found = find_builder(builder) if plan.needs_registry(locked) else None
            made = plan.recipe(plan.base_digest(locked, found), plan.requirements(locked))
            _hand_out(made, out)
        else:
            _build(plan, locked, find_builder(builder), platform, push)
    except RecipeError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror or error}") from None


def _hand_out(recipe: "Recipe", out: str | None) -> None:
    if out is None:
        click.echo(recipe.dockerfile, nl=False)
        return
    recipe.write(Path(out))
    for name in ("Dockerfile", *recipe.files):
        click.echo(f"wrote {Path(out, name)}")


def _build(
    plan: "Plan", locked: "LockedImage | None", builder: "Builder", platform: str | None, push: bool
) -> None:
    import tempfile

    base, requirements = plan.base_digest(locked, builder), plan.requirements(locked)
    recipe = plan.recipe(base, requirements)
    with tempfile.TemporaryDirectory(prefix="headrace-image-") as folder:
        recipe.write(Path(folder))
        builder.build(Path(folder), plan.tag, platform)
    click.echo(f"built {plan.tag}")
    digest = builder.push(plan.tag) if push else None
    if digest is not None:
        click.echo(f"pushed {plan.tag}@{digest}")
    click.echo(f"wrote {plan.lock(plan.entry(base, requirements, digest))}")
    if plan.configurations[0].build.image != plan.tag:
        click.echo(f'set `image = "{plan.tag}"`, so that steps run in it', err=True)
