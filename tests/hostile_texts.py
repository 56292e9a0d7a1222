"""Labels that try to leave the place where they are written, and a review that is full of them."""

from typing import Any

import yaml
from sqlalchemy.orm import Session

from review.searches.searches import add_search
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.vocabulary import SearchKind, Verdict
from tests.factories import (
    Cast,
    decide_both,
    include_fully,
    make_records,
    make_review,
    protocol_text,
)

ELSEWHERE = "http://198.51.100.7"  # an address for documentation: nobody is there
RUN = "document.title='RAN'"
HOSTILE = (
    f"</script><script>{RUN}</script>",
    f"<!--<script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"</title></svg><script>{RUN}</script>",
    f"line\u2028{RUN}//\u2029",
    f'" onload="{RUN}" onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    f"' onload='{RUN}' style='background:url({ELSEWHERE}/a)' x='",
    f"<img src={ELSEWHERE}/b onerror={RUN}>",
    f"<style>@import '{ELSEWHERE}/c';</style><link rel=stylesheet href={ELSEWHERE}/d>",
    f"<foreignObject><iframe srcdoc='<script>{RUN}</script>'></iframe></foreignObject>",
    f"<a href=\"javascript:{RUN}\">press</a><meta http-equiv=refresh content='0;{ELSEWHERE}'>",
    f"javascript:{RUN}",
    f"datum.n + ({RUN})",
    "signal: width, {{7*7}} ${7*7} {%x%} %s {0}",
    "&lt;b&gt; &amp;amp; &#60;script&#62; \\u003cscript\\u003e",
    "\u202eright to left, a bell\x07 and a null-like \x01\x1b[2J",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 " * 20,
    '=HYPERLINK("' + ELSEWHERE + '/e")',
)
EVERYTHING = " ".join(HOSTILE)


def hostile_protocol() -> str:
    """Return a protocol whose every label, title and definition is hostile."""
    plan = yaml.safe_load(protocol_text())
    labels = iter(HOSTILE * 10)
    plan |= {"title": next(labels), "question": next(labels)}
    for part in [*plan["criteria"], *plan["exclusion_reasons"], *plan["frameworks"]]:
        part["label"] = next(labels)
    for item in plan["codebook"]:
        item["label"] = next(labels)
        if item["key"] == "area":  # every hostile label is on the axis of a map
            item["values"] += [
                {"key": f"v{number}", "label": label, "definition": label}
                for number, label in enumerate(HOSTILE)
            ]
    return str(yaml.safe_dump(plan, allow_unicode=False))


def make_hostile_review(session: Session, **more: Any) -> Cast:
    """Return a review with hostile text in every field that anyone can fill."""
    cast = make_review(session, text=hostile_protocol(), **more)
    into = {"review_id": cast.review_id, "by": cast.lead}
    fields = ("title", "abstract", "journal", "url", "translated_title", "accession", "type")
    records = make_records(
        session,
        cast.review_id,
        [
            {name: text.replace("\0", "") for name in fields}
            | {"authors": [text], "keywords": [text], "url": f"javascript:{RUN}"}
            for text in HOSTILE
        ],
        source=HOSTILE[0],
    )
    for number, kind in enumerate(SearchKind):
        add_search(session, source=HOSTILE[number + 1], kind=kind, **into)
    for number, record in enumerate(records[:-2]):
        if number % 3 == 0:
            decide_both(session, cast, record, Verdict.EXCLUDE, reason="population")
            continue
        include_fully(session, cast, record)
        study = add_study(session, label=HOSTILE[number], reports=[record], **into)
        contract = add_contract(session, label=HOSTILE[number], **into)
        link_contract(session, study_id=study.id, contract_id=contract.id, **into)
        for coder in cast.reviewers:
            for item, value in (("area", f"v{number}"), ("contract_type", "sib")):
                code(session, review_id=cast.review_id, contract_id=contract.id, item=item,
                     value=value, by=coder, quote=HOSTILE[number])  # fmt: skip
    return cast
