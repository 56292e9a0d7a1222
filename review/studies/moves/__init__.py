"""Move reports from one study to another, with what was coded from them, and undo that.

All reports of a study moved to another one merge the two; some of them moved to a new study split
it.  Each is one act.  Nothing is overwritten: where somebody coded both studies differently, the
study that they stay with keeps its value, and the other value stays where it is.
"""
