"""`headrace init`: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.options import JsonOption


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new workspace.")],
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", "-s", metavar="PATH_OR_URL", help="A folder, file, glob or URL; may be given again."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Make a workspace over folders, files or sites.

    It is a folder with a commented headrace.toml, prompts/ and .gitignore.
    Paths are relative to where you are now.
    """
    from headrace.cli.output import one_line, write_json
    from headrace.config.load import load_config
    from headrace.config.scaffold import init_workspace, missing_sources

    file = init_workspace(directory, source or [])
    config = load_config(file.parent)
    missing = missing_sources(config)
    if as_json:
        corpora = {name: list(corpus.sources) for name, corpus in config.corpora.items()}
        write_json(
            {"workspace": str(config.root), "config": str(file), "corpora": corpora, "missing": missing}
        )
        return 0
    typer.echo(f"Made {one_line(str(file))}")
    for name, corpus in config.corpora.items():
        typer.echo(f"  corpus {name}: {', '.join(one_line(str(item)) for item in corpus.sources)}")
    for path in missing:
        typer.echo(f"  There is nothing at {one_line(path)} yet.", err=True)
    typer.echo(f"Next: cd {one_line(str(directory))} && headrace sync")
    return 0
