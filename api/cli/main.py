"""`siftmap …`: every command, and the function that it is."""

from api.cli.errors import friendly_errors
from api.cli.lazy import LazyCommand, group

app = group(
    "siftmap",
    "From literature search to evidence-gap heatmap.",
    LazyCommand(
        "serve", "api.cli.serve:serve", "Serve the pages at SIFTMAP_HOST and SIFTMAP_PORT."
    ),
    LazyCommand(
        "worker",
        "api.cli.worker:worker",
        "Do the jobs that pages ask for, until stopped; for SIFTMAP_WORKER=separate.",
    ),
    LazyCommand(
        "migrate",
        "api.cli.migrate:migrate",
        "Bring the database to the newest revision, completely or not at all.",
    ),
    LazyCommand(
        "demo",
        "api.cli.demo:demo",
        "Load the demonstration review, which is synthetic, and print how to sign in.",
    ),
    LazyCommand(
        "verify",
        "api.cli.verify:verify",
        "Recompute every invariant and the hash chains; status 1 if there is any fault.",
    ),
    LazyCommand(
        "import",
        "api.cli.import_files:import_files",
        "Import files into one search of a review; importing the same file again adds nothing.",
    ),
    LazyCommand(
        "import-decisions",
        "api.cli.import_decisions:import_decisions",
        "Import decisions from Rayyan, ASReview, Covidence or a table.",
    ),
    LazyCommand(
        "full-texts",
        "api.cli.full_texts:full_texts",
        "Attach a folder of PDFs to the reports that a review looks for.",
    ),
    LazyCommand(
        "import-contracts",
        "api.cli.import_contracts:import_contracts",
        "Make a file of INDIGO the list of known contracts, and match the review's own to it.",
    ),
    LazyCommand(
        "import-coding",
        "api.cli.import_coding:import_coding",
        "Import the codes of a spreadsheet: GO Lab's, or any with a row for each study and "
        "contract.",
    ),
    LazyCommand(
        "dedupe",
        "api.cli.dedupe:dedupe",
        "Find the duplicates among a review's records; a person decides on possible ones.",
    ),
    LazyCommand("rank", "api.cli.rank:rank", "Rank a review's records for screening."),
    LazyCommand(
        "prisma",
        "api.cli.prisma:prisma",
        "Print the PRISMA 2020 flow, as of now or of any past event or day.",
    ),
    LazyCommand(
        "heatmap", "api.cli.heatmap:heatmap", "Print a map of the coded evidence, gaps included."
    ),
    LazyCommand(
        "dedupe-file",
        "api.cli.dedupe_file:dedupe_file",
        "Find the duplicates in a table, without a review or a database.",
    ),
    LazyCommand(
        "simulate",
        "api.cli.simulate:simulate",
        "Simulate the screening of labelled records with siftmap's own ranker and print how it "
        "did.",
    ),
    group(
        "user",
        "Accounts.",
        LazyCommand(
            "add",
            "api.cli.people:add_user",
            "Add an account, and optionally make it a member of a review.",
        ),
        LazyCommand(
            "password",
            "api.cli.people:set_password",
            "Give an account a new password, for instance if someone forgot theirs.",
        ),
        LazyCommand(
            "close",
            "api.cli.people:close",
            "Close an account: its sessions and tokens end at once; decisions and roles stay.",
        ),
        LazyCommand(
            "reopen",
            "api.cli.people:reopen",
            "Open a closed account again, with its old password and roles; tokens stay revoked.",
        ),
    ),
    group(
        "review",
        "Reviews.",
        LazyCommand("create", "api.cli.people:start_review", "Start a review under a protocol."),
        LazyCommand(
            "list", "api.cli.people:list_reviews", "List the reviews with their number of records."
        ),
        LazyCommand(
            "member",
            "api.cli.people:change_member",
            "Give someone who has an account a role in a review, or take it away.",
        ),
    ),
    group(
        "protocol",
        "Protocol files.",
        LazyCommand(
            "check",
            "api.cli.people:check_protocol",
            "Report every mistake in a protocol file at once, each with its line.",
        ),
    ),
)


def main() -> None:
    """Run the command line; an error that can be expected ends with a sentence and status 1."""
    with friendly_errors():
        app()
