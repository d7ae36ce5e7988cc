"""The commands `nsai data`."""

import sys
from typing import Annotated

import typer

from nsai.workbench.console import Printer
from nsai.workbench.errors import ParameterError

data_app = typer.Typer(help="Data sets: what there is and how to get it.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """Show every data set of the catalogue and where it is."""
    from nsai.doctor import data_rows

    rows, printer = data_rows(), Printer()
    if as_json:
        printer.json(rows)
        return
    keys = ("name", "where", "licence", "title")
    printer.table(keys, [[str(row[key]) for key in keys] for row in rows])


@data_app.command("fetch")
def data_fetch(
    names: Annotated[list[str], typer.Argument(help="Data sets, as `nsai data list` names them.")],
) -> None:
    """Download data sets into the cache, checked against their sha256."""
    from nsai.data import DataError, fetch, find

    try:
        for name in names:
            find(name)
    except ValueError as error:
        raise ParameterError(str(error)) from error
    for name in names:
        try:
            for path in fetch(name):
                Printer().line(str(path))
        except DataError as error:
            sys.stderr.write(f"nsai: {error}\n")
            raise typer.Exit(1) from error
