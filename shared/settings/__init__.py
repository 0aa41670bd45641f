"""What an operator decides: one type, read in one place; and the clouds that Microsoft runs."""

from shared.settings.settings import (
    CRASHES_SCHEDULE,
    REQUEST_QUEUE,
    SCHEDULES_SCHEDULE,
    UPKEEP_SCHEDULE,
    WATCH_SCHEDULE,
    GraphCredential,
    GraphService,
    Settings,
    StorageAccount,
    TopicSettings,
    read_environment,
    read_settings,
    setting_reference,
)

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
