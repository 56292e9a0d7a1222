"""How right the suggestions from texts are, by item, on what coders coded in a review.

`python tests/benchmarks/text_suggestions.py DATA_FOLDER SLUG` reads the data folder of a server
that runs on SQLite, such as the one that `siftmap demo` makes, and prints for each item how many
values coders agree on, for how many the text suggests something, precision and recall.  Quotes of
a study itself suggest nothing for it.  ABSTRACTS=1 reads abstracts alone.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy.orm import Session

from api.settings import Settings
from review.reports.documents import pages_of
from review.reports.full_texts import full_texts_of
from review.reviews import find_review
from review.states.clusters import cluster_of
from review.storage.database import Database
from review.storage.files import FileStore
from review.studies.studies import reports_of, studies_by_label
from review.studies.text_suggestions.reading import accuracy
from review.studies.text_suggestions.text import Sentence, sentences_of
from review.tables import Record


def main() -> None:
    """Print a line for each item."""
    settings = Settings(data_dir=Path(sys.argv[1]))
    database = Database(settings.url)
    with database.reading() as session:
        review_id = find_review(session, sys.argv[2]).id
        texts = {
            study.id: [
                sentence
                for report in reports_of(session, review_id=review_id, study_id=study.id)
                for sentence in _sentences(session, settings, report)
            ]
            for study in studies_by_label(session, review_id=review_id)
        }
        began = time.perf_counter()
        found = accuracy(session, review_id=review_id, texts=texts)
        seconds = time.perf_counter() - began
    n_words = sum(len(one.words) for of_study in texts.values() for one in of_study)
    print(f"{len(texts)} studies, {n_words:,} words, {seconds:.1f} s")
    print("item | coded | suggested | precision | recall")
    for one in found:
        precision = "" if one.precision is None else f"{one.precision:.2f}"
        print(
            f"{one.item.key} | {one.n_coded} | {one.n_suggested} | {precision} | {one.recall:.2f}"
        )


def _sentences(session: Session, settings: Settings, report: Record) -> list[Sentence]:
    cluster = cluster_of(session, review_id=report.review_id, record_id=report.id)
    files = full_texts_of(session, review_id=report.review_id, record_ids=cluster)
    if files and "ABSTRACTS" not in os.environ:
        path = FileStore(settings.files_dir).path(next(iter(files.values())).sha256)
        return sentences_of([page.text for page in pages_of(path)])
    return sentences_of([f"{report.title}\n\n{report.abstract or ''}"], is_abstract=True)


if __name__ == "__main__":
    main()
