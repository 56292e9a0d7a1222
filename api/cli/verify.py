"""`siftmap verify`: every fault in the database and the stored files."""

from api.cli.terminal import AsJson, database, settings, show
from review.storage.files import FileStore
from review.verify import verify as find_faults


def verify(as_json: AsJson = False) -> None:
    """Recompute every invariant and the hash chains; status 1 if there is any fault."""
    with database().reading() as session:
        faults = list(find_faults(session, files=FileStore(settings().files_dir)))
    show(
        [{"review": fault.review, "fault": fault.what} for fault in faults],
        as_json=as_json,
        text="\n".join(f"{fault.review}: {fault.what}" for fault in faults) or "All is well.",
    )
    if faults:
        raise SystemExit(1)
