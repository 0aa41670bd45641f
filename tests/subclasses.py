"""The classes of the app that have a base in common, for what holds for each of them."""

from importlib import import_module


def subclasses[T](base: type[T]) -> list[type[T]]:
    """Return the classes of `shared` below a base, by name; the app is imported, which defines every one."""
    import_module("shared.bootstrap")
    found: set[type[T]] = set()
    waiting = [base]
    while waiting:
        below = set(waiting.pop().__subclasses__()) - found
        found |= below
        waiting += below
    return sorted((each for each in found if each.__module__.startswith("shared.")), key=lambda each: each.__name__)
