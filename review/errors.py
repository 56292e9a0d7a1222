"""What can go wrong, in words that may be shown to the person it happened to."""


class ReviewError(Exception):
    """An act that cannot be done; the text says what happened and what to do."""


class NotFound(ReviewError):
    """There is no such thing in this review, or the caller may not know that there is."""


class NotAllowed(ReviewError):
    """The caller's roles do not include this act."""


class Invalid(ReviewError):
    """What was sent does not make sense; nothing was saved."""


class Conflicting(ReviewError):
    """The state of things does not allow this act now."""


class Stale(Conflicting):
    """Somebody, perhaps the caller in another tab, has acted since this page was shown."""


class Settled(Conflicting):
    """The resolution has been used by a later act; only a reopen can change it."""


class Interrupted(ReviewError):
    """Work that was cut short from outside; nothing of it was saved."""


class Unreadable(ReviewError):
    """A file that cannot be read in the format it claims to have; none of it was stored."""
