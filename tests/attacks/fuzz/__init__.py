"""Hostile requests and messages from a seed: every field with every hostile value, and what is no document at all."""
