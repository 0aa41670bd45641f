"""What an operator decides: one type, read in one place; and Microsoft's clouds."""

from shared.settings.environment import (
    CRASHES_SCHEDULE,
    REQUEST_QUEUE,
    SCHEDULES_SCHEDULE,
    UPKEEP_SCHEDULE,
    WATCH_SCHEDULE,
    read_environment,
    read_settings,
    setting_reference,
)
from shared.settings.settings import GraphCredential, GraphService, Settings, StorageAccount, TopicSettings

__all__ = [
    "CRASHES_SCHEDULE",
    "REQUEST_QUEUE",
    "SCHEDULES_SCHEDULE",
    "UPKEEP_SCHEDULE",
    "WATCH_SCHEDULE",
    "GraphCredential",
    "GraphService",
    "Settings",
    "StorageAccount",
    "TopicSettings",
    "read_environment",
    "read_settings",
    "setting_reference",
]
