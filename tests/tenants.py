"""Tenants that behave in every way that was seen of Graph, one for each seed."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.graph.settings import Settings

# Each switch with all it may be set to; what keeps meetings from being made at all is not among them.
_SWITCHES: Final[Mapping[str, Sequence[Any]]] = {
    "join_block": ("2019", "2026", "longLink"),
    "join_link_escaped_otherwise": (False, True),
    "first_link_wins": (False, True),
    "link_after_change": ("kept", "hidden", "lost"),
    "deleted_events": ("forgotten", "readable"),
    "transaction_id_outlives_event": (False, True),
    "shows_participants": (False, True),
    "role_needs_object_id": (False, True),
    "passcode_on_create": (False, True),
    "passcode_on_create_or_get": (False, True),
    "duplicate_transaction_status": (400, 409),
    "lookup_miss": ("badRequest", "notFound", "empty"),
    "lookup_lag_seconds": (0.0, 5.0),
    "refuses_odata_type": (False, True),
    "audio_conferencing": (False, True),
}
# As many seeds have the tenant of 2026, which is the default.
_USUAL: Final = 3


def set_switches(settings: Settings, seed: int) -> None:
    """Set every switch by chance; every third seed leaves the defaults."""
    if seed % _USUAL == 0:
        return
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for name, values in _SWITCHES.items():
        setattr(settings, name, chance.choice(values))
