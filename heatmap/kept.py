"""Keep what was asked for last, for any number of threads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Kept(Generic[Thing]):
    """Things that never change under their keys, made when they are first asked for.

    What was not asked for the longest goes when the sizes of all add up to more than ``most``;
    without ``size``, each counts 1.
    """

    def __init__(self, most: int, size: Callable[[Thing], int] = lambda _: 1) -> None:
        self.most = most
        self.size = size
        self._things: OrderedDict[Hashable, Thing] = OrderedDict()
        self._total = 0
        self._lock = Lock()

    def find(self, key: Hashable) -> Thing | None:
        """Return what is kept under a key; None if nothing is."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """Return what is kept under a key, made now if nothing is."""
        found = self.find(key)
        return self.add(key, make()) if found is None else found

    def add(self, key: Hashable, thing: Thing) -> Thing:
        """Keep a thing, unless another thread was quicker, and return it."""
        with self._lock:
            if key not in self._things:
                self._things[key] = thing
                self._total += self.size(thing)
            while self._total > self.most:
                self._total -= self.size(self._things.popitem(last=False)[1])
        return thing
