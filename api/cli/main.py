"""`siftmap …`: every command, and the module that it is in."""

import typer

from api.cli import data, evidence, import_decisions, people, serving, standalone
from api.cli.terminal import friendly_errors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From literature search to evidence-gap heatmap.",
)
app.command("serve")(serving.serve)
app.command("worker")(serving.worker)
app.command("migrate")(serving.migrate)
app.command("demo")(serving.demo)
app.command("verify")(serving.verify)
app.add_typer(people.user, name="user")
app.add_typer(people.review, name="review")
app.add_typer(people.protocol, name="protocol")
app.command("import")(data.import_files)
app.command("import-decisions")(import_decisions.import_decisions)
app.command("dedupe")(data.dedupe)
app.command("rank")(data.rank)
app.command("prisma")(evidence.prisma)
app.command("heatmap")(evidence.heatmap)
app.command("dedupe-file")(standalone.dedupe_file)
app.command("simulate")(standalone.simulate)


def main() -> None:
    """Run the command line; an error that can be expected ends with a sentence and status 1."""
    with friendly_errors():
        app()
