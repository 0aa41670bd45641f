"""Mutants: the app with one thing taken away that a promise rests on; each has to be caught by a test."""
