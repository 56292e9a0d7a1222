"""What siftmap promises under load, faults and attacks, row by row, and what tries each promise."""

from dataclasses import dataclass

BOTH = ("sqlite", "postgresql")
NONE = ("none",)  # no database takes part


@dataclass(frozen=True)
class Row:
    """A goal, and the tests or the program that try it."""

    id: str
    goal: str
    tests: tuple[str, ...] = ()
    program: tuple[str, ...] = ()  # writes its own results, with `--row ID`
    databases: tuple[str, ...] = BOTH
    is_whole: bool = False  # the tests are the goal, with its own numbers
    needs: str = ""  # what does not exist yet


FORMATS = "tests/review/searches/formats"
RACES = "tests/review/test_races.py::test_"
PAGES = "tests/api/pages"
API = "tests/api/v1"
LOAD = "tests/benchmarks/load.py"
NEEDS_COMMANDS = "the commands of a later version: "

ROWS = [
    # What was acknowledged survives
    Row("DU1", "200 kills of the server and the worker while people decide, at least 20,000 "
        "decisions acknowledged: none lost, doubled or given to another person; healthy within 5 s",
        ("tests/faults/test_killing.py",)),
    Row("DU2", "30 immediate restarts of PostgreSQL while people decide: none lost; 503 within "
        "2 s, working again within 10 s",
        ("tests/faults/test_restarts.py",), databases=("postgresql",)),
    Row("DU3", "100 decisions: each is on the disk before its answer is sent; a weaker setting "
        "stops the start",
        ("tests/faults/test_durability.py", "tests/review/storage/test_durability.py",
         "tests/api/test_durable_connections.py")),
    Row("DU4", "Versions 3.40.1, 3.51.1 and 3.53.4 of SQLite: those with the WAL bug run in a safe "
        "mode or not at all; `/healthz` shows version and mode",
        ("tests/faults/test_durability.py", "tests/api/work/test_worker.py"),
        databases=("sqlite",)),
    Row("DU5", "20 kills during an import of 50,000 records: all or nothing is visible, and the "
        "records are those of an import without kills",
        ("tests/faults/test_killing.py", "tests/review/searches/test_imports.py")),
    Row("DU6", "A full disk, 500 decisions and an import: nothing false is acknowledged, the words "
        "are right, and work goes on when there is room",
        ("tests/api/test_full_disk.py",), databases=("sqlite",)),
    Row("DU7", "50 kills of the worker in the middle of a job: no job lost, no effect doubled, "
        "taken up again within 60 s",
        ("tests/api/work/test_worker.py", "tests/faults/test_killing.py")),
    # Several at once
    Row("CO1", "400 records, two reviewers at the same moment: none stuck, none lost, no error",
        (RACES + "two_reviewers_deciding_at_the_same_moment_lose_nothing_and_leave_nothing_stuck",),
        is_whole=True),
    Row("CO2", "200 decisions, each sent eight times at once under one key: one event each, equal "
        "answers; another body under the key is refused",
        (RACES + "one_intent_sent_eight_times_is_one_decision",
         f"{API}/test_idempotency.py"), is_whole=True),
    Row("CO3", "200 times two tabs of one reviewer: one wins, the other is told, nothing is "
        "overwritten", (RACES + "of_two_tabs_one_wins_and_the_other_gets_an_error",),
        is_whole=True),
    Row("CO4", "300 adjudications against a changed decision or a reopening: none covers a "
        "decision that it did not cite",
        (RACES + "an_adjudication_never_covers_a_decision_that_it_did_not_cite",
         RACES + "an_adjudication_and_a_reopening_happen_one_after_the_other"), is_whole=True),
    Row("CO5", "200 merges against decisions, merges the other way and splits: no cycle, no "
        "decision lost or moved",
        (RACES + "merges_both_ways_and_decisions_meanwhile_make_no_cycle_and_lose_nothing",
         RACES + "a_split_and_a_decision_meanwhile_lose_nothing"), is_whole=True),
    Row("CO6", "Ranking, importing and deciding together, 4 reviewers, 10 minutes: p95 of a "
        "decision at most 300 ms"),
    Row("CO7", "100 times a member is removed while they decide: nothing of theirs is accepted "
        "afterwards, old decisions stay as they are",
        (RACES + "nothing_is_accepted_from_a_member_after_their_removal",), is_whole=True),
    Row("CO8", "4 processes with 300 writes each: nobody is told that the database is locked, and "
        "nothing is lost", ("tests/review/test_processes.py",), is_whole=True),
    Row("CO9", "8 writers append 800 events: no fork, no gap, at least 100 a second",
        (RACES + "eight_writers_make_one_chain_without_a_fork_or_a_gap",), is_whole=True),
    # The counts are right
    Row("PR1", "Random histories against an independent count, 2,000 of 80 steps: every identity "
        "of PRISMA and every rule of the states holds, to the set of ids",
        ("tests/review/states/test_flow.py",)),
    Row("PR2", "40 scripted stories of stopping early, new rules and repeated imports: nothing "
        "advances without an event",
        ("tests/review/decisions/test_decisions.py", f"{PAGES}/test_stopping.py")),
    Row("PR3", "200 past moments on both databases: flow, diagram and table are what they were",
        ("tests/review/states/test_flow.py",)),
    Row("ST1", "Every forbidden step, through the API and in SQL, is refused",
        ("tests/review/decisions/test_decisions.py", "tests/migrations/test_migrations.py")),
    # Nothing changes unseen
    Row("IN1", "12 kinds of tampering, 20 times each: all found, the first bad event named; a cut "
        "tail is found against a kept head",
        ("tests/review/test_events.py", "tests/review/test_verify.py")),
    Row("IN2", "Every route that changes something writes one event with its actor, time and "
        "values", ("tests/api/test_actors.py",)),
    Row("IN3", "30 files with long texts (32,768 characters, 1 MB, 10 MB, 5,000 authors): kept "
        "whole or refused with the reason", ("tests/review/searches/test_long_texts.py",),
        databases=NONE),
    Row("IN4", "`verify` of 50,000 records and 200,000 events takes at most 30 s", databases=BOTH),
    # Bad input
    Row("BI1", "300 damaged files of each format: found = accepted + rejected, nothing lost "
        "silently", (f"{FORMATS}/test_safety.py", f"{FORMATS}/test_fuzz.py"), databases=NONE,
        is_whole=True),
    Row("BI2", "60 files in every encoding, with stray characters: no 500, right or flagged",
        (f"{FORMATS}/test_decoding.py", f"{FORMATS}/test_attacks.py"), databases=NONE),
    Row("BI3", "25 XML bombs and references to other files: refused within 1 s, nothing fetched",
        (f"{FORMATS}/test_attacks.py::test_hostile_xml_fetches_nothing_and_costs_little",),
        databases=NONE),
    Row("BI4", "40 hostile workbooks: refused within 2 s; the worker stays under 512 MB",
        (f"{FORMATS}/test_attacks.py::test_hostile_workbooks_are_refused_or_read",),
        databases=NONE),
    Row("BI5", "20 pathological texts: at most 10 s each, or refused",
        (f"{FORMATS}/test_attacks.py::test_no_text_takes_too_much_time",), databases=NONE,
        is_whole=True),
    Row("BI6", "40 hostile PDFs: read within 30 s and 512 MB, or marked as not readable",
        (f"{PAGES}/test_reports.py",)),
    Row("BI7", "20 hostile bodies: refused within 5 s, 100 MB at most, others wait 500 ms at most",
        ("tests/api/web/test_bodies.py", "tests/api/web/test_connections.py",
         f"{API}/test_bad_requests.py")),
    Row("BI8", "Requests made from the API's description, 20 minutes, 3 roles: no 500, none past "
        "the sign-in", (f"{API}/test_schemathesis.py",), is_whole=True),
    # Who may what
    Row("AZ1", "10 kinds of people × every route × own, foreign and missing: as the table says",
        ("tests/api/test_permissions.py", f"{API}/test_permissions.py")),
    Row("AZ2", "Fields that nobody may set, on every list and write route: refused or without "
        "effect", ("tests/api/test_actors.py", f"{API}/test_bad_requests.py"), is_whole=True),
    Row("AZ3", "30 times something is revoked: the next request is refused",
        (f"{PAGES}/test_account.py", f"{PAGES}/test_publications.py",
         f"{API}/test_permissions.py")),
    Row("AZ4", "Sessions: a new token at sign-in, dead after sign-out, a new password, disabling, "
        "time", (f"{PAGES}/test_account.py", "tests/review/people/test_closing.py")),
    Row("AZ5", "Every form without our token or from another site is refused; no GET changes "
        "anything", ("tests/api/test_permissions.py", f"{API}/test_permissions.py"),
        is_whole=True),
    Row("AZ6", "1,000 guesses: at most 10 checked in 5 minutes for a person and for a client; "
        "known and unknown addresses take equally long; the owner is not locked out",
        (f"{PAGES}/test_guessing.py", "tests/review/people/test_sign_in.py",
         "tests/api/web/test_sign_in_queue.py")),
    Row("AZ7", "20 cases of share links: secret, revocable, the publication and nothing else",
        (f"{PAGES}/test_publications.py",)),
    # Blinding
    Row("BL1", "Two worlds that differ in a hidden decision, 60 seeds × every route: equal for the "
        "other reviewer", (f"{PAGES}/test_two_worlds.py", f"{API}/test_two_worlds.py",
        "tests/review/decisions/test_blinding.py")),
    Row("BL2", "2 × 2,000 timings in the two worlds look the same (AUC 0.45 to 0.55)"),
    Row("BL3", "12 places where a colleague's decision could show before one's own has closed: "
        "none does", ("tests/review/decisions/test_blinding.py",
        "tests/review/decisions/test_closing.py")),
    Row("BL4", "10 cases: adjudicators see no names, unblinding needs a reason and an event",
        ("tests/review/decisions/test_blinding.py",)),
    # Files
    Row("UP1", "60 hostile file names: kept by their hash, sent safely",
        (f"{PAGES}/test_bad_input.py",)),
    Row("UP2", "40 scripts in every text field and every place that shows it, in Chromium: none "
        "runs", ("tests/browser/test_foreign_text.py", f"{PAGES}/test_bad_input.py")),
    Row("UP3", "60 hostile labels in maps and diagrams: text, never script",
        ("tests/browser/test_foreign_text.py",)),
    Row("UP4", "10 ways of serving a full text: shown in a sandbox, checked on every request",
        (f"{API}/test_answers_to_reviewers.py::"
         "test_a_full_text_is_shown_in_place_and_can_run_nothing",)),
    Row("UP5", "200 cells that could be formulas: none is, and 1,000 imports add nothing",
        ("tests/review/test_exports.py",)),
    Row("UP6", "20 workbooks with too long texts and control characters: nothing cut silently",
        ("tests/review/test_exports.py",)),
    Row("UP7", "No load of pickled data anywhere; 12 bundles with a hidden one do nothing",
        ("tests/test_tooling.py",), databases=NONE, needs=NEEDS_COMMANDS + "bundle"),
    # Moving and keeping
    Row("MI1", "Every revision up, down and up: the data are equal, the schema is that of a new "
        "database", ("tests/migrations",), is_whole=True),
    Row("MI2", "20 kills in the middle of each revision: the old or the new schema, never between",
        ("tests/migrations/test_migrations.py::"
         "test_a_migration_that_is_killed_leaves_nothing_half_done",)),
    Row("MI3", "50,000 records moved to PostgreSQL and back: equal", needs=NEEDS_COMMANDS + "move"),
    Row("BK1", "20 backups at 20 decisions a second, restored and verified: none damaged",
        needs=NEEDS_COMMANDS + "backup and restore"),
    Row("BK2", "5 bundles for repeating a review, made twice and imported elsewhere: equal",
        needs=NEEDS_COMMANDS + "bundle"),
    # Load
    Row("LD1", "30 reviewers with 4 decisions a minute and 2 maps a second, 15 minutes: decision "
        "p95 at most 150 ms, p99 400 ms; no error", program=(LOAD, "--minutes", "15")),
    Row("LD2", "20 decisions a second for a minute: p95 at most 300 ms, none lost",
        program=(LOAD, "--burst")),
    Row("LD3", "50,000 records imported and 50 people signing in while others work: at most 180 s "
        "and 1.5 GB; p95 of a page at most 500 ms"),
    Row("LD4", "PRISMA of 50,000 records and a map of 5,000 studies, 20 times: at most 1.0 s"),
    Row("LD5", "60 minutes: memory grows by at most 5 %, files, threads and the WAL not at all"),
    # People
    Row("GD1", "Access to one's data, and erasing a reviewer: one command each",
        needs=NEEDS_COMMANDS + "access and erase"),
    Row("A11Y", "Every page: no serious fault of accessibility; 50 decisions by keyboard alone; "
        "320 pixels; the map as a table", ("tests/browser",)),
]  # fmt: skip
BY_ID = {row.id: row for row in ROWS}
