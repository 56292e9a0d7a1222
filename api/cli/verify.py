"""`siftmap verify`: every fault in the database and the stored files."""

from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError, ProgrammingError

from api.cli.errors import complain
from api.cli.terminal import AsJson, database, settings, show
from review.errors import Invalid
from review.storage.files import FileStore
from review.verify import DATABASE, Fault, head_of
from review.verify import verify as find_faults

Head = Annotated[
    str, typer.Option(help="A head that an earlier run printed, to see whether events are gone.")
]


def verify(head: Head = "", as_json: AsJson = False) -> None:
    """Recompute every invariant and the hash chains; status 1 if there is any fault."""
    faults, newest_head = _look(head)
    lines = [f"{fault.review}: {fault.what}" for fault in faults]
    if not faults:
        lines = ["All is well.", *([f"Head: {newest_head}"] if newest_head else [])]
    show(
        [{"review": fault.review, "fault": fault.what} for fault in faults],
        as_json=as_json,
        text="\n".join(lines),
    )
    if faults:
        raise SystemExit(1)


def _look(head: str) -> tuple[list[Fault], str]:
    """Return every fault, and the newest head where there is none."""
    try:
        with database().reading() as session:
            faults = list(find_faults(session, files=FileStore(settings().files_dir), head=head))
            return faults, "" if faults else head_of(session)
    except Invalid as error:
        complain(str(error))
        raise SystemExit(2) from error
    except (OperationalError, ProgrammingError, OSError):
        raise  # said in words where every command's errors are
    except Exception as error:  # whatever a damaged file leads to
        return [Fault(DATABASE, f"the database cannot be read: {error}")], ""
