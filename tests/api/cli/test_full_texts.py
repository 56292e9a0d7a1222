"""`siftmap full-texts`."""

from sqlalchemy import select

from api.demonstration.pdf import pdf_of
from review.tables import OfferedFile
from tests.api.cli.shell import Shell


def test_a_folder_of_pdfs_is_matched_and_the_rest_waits_for_the_lead(
    shell: Shell, new_review: str
) -> None:
    folder = shell.folder / "pdfs" / "deeper"
    folder.mkdir(parents=True)
    (folder / "known.pdf").write_bytes(pdf_of("A work about bonds", "Doe, Jane", ["It paid."]))
    (folder / "broken.PDF").write_bytes(b"<html>")

    listed = shell.run("full-texts", new_review, str(shell.folder / "pdfs"), "--json")
    assert listed.status == 1
    assert [one["file"] for one in listed.json["refused"]] == ["broken.PDF"]
    assert listed.json["in_doubt"] == ["known.pdf"]
    assert shell.query(lambda session: list(session.scalars(select(OfferedFile)))) == []

    shell.run("review", "member", new_review, "ana@example.org", "--role", "lead")
    offered = shell.run(
        "full-texts", new_review, str(folder / "known.pdf"), "--as", "ana@example.org"
    )
    assert offered.status == 0
    assert "known.pdf: to check on the page Full texts" in offered.out.decode()
    [file] = shell.query(lambda session: list(session.scalars(select(OfferedFile))))
    assert (file.name, file.n_pages) == ("known.pdf", 1)
    empty = shell.run("full-texts", new_review, str(shell.folder / "pdfs" / "nowhere"))
    assert (empty.status, "There is no PDF in" in empty.err) == (1, True)
