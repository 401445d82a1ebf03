"""Which objects of a program the tests made themselves, and which have been told something.

A test that reckons with an object means one of two things. `Money(5) + 2` is about an object that
the tests made. `abs(f(2) - 5)` is about a number that `f` should have given, and whatever it gave
instead must not answer: it has just been told what is expected.
"""


class Meetings:
    """What is known of the objects of one program, by number."""

    def __init__(self) -> None:
        self._made: set[int] = set()
        self._given: set[int] = set()
        self._told: set[int] = set()
        self._distances: set[int] = set()

    def make(self, number: int | None) -> None:
        """Take note of an object that the tests had made by calling its class."""
        if number is not None:
            self._made.add(number)

    def give(self, number: int) -> None:
        """Take note of an object that the program gave as a result, be it one that was made."""
        self._given.add(number)

    def tell(self, number: int | None) -> None:
        """Take note of an object that is made of one which met data of the tests."""
        if number is not None:
            self._told.add(number)

    def measure(self, number: int | None) -> None:
        """Take note of what is left of an object from which data was taken away.

        `abs` of it is how tests compare numbers, so it may not be asked of one that they made.
        """
        if number is not None:
            self._distances.add(number)

    def is_distance(self, number: int | None) -> bool:
        """Tell whether an object is such a difference."""
        return number in self._distances

    def is_made(self, number: int | None) -> bool:
        """Tell whether the tests made an object, and mean an object by it."""
        return number in self._made and number not in self._given and number not in self._told

    def is_told(self, number: int | None) -> bool:
        """Tell whether an object may know what the tests expect."""
        return number in self._told

    def forget(self, number: int) -> None:
        """Let go of a number, which the program may use for another object."""
        for numbers in (self._made, self._given, self._told, self._distances):
            numbers.discard(number)
