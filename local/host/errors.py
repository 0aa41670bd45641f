"""Why the host, or one function, does not start.

HostError
├── ConfigurationError   host.json, or a setting that overrides it, is malformed: the host does not start
├── AppError             the app cannot be indexed: no function is loaded
└── FunctionError        one function cannot be loaded: the others run without it
"""


class HostError(Exception):
    """The root of the tree, never raised itself."""


class ConfigurationError(HostError):
    """host.json, or a setting that overrides it, is malformed."""


class AppError(HostError):
    """The app cannot be indexed; `exit_code` is the host's."""

    def __init__(self, fault: str, exit_code: int = 1) -> None:
        super().__init__(fault)
        self.exit_code = exit_code


class FunctionError(HostError):
    """One function cannot be loaded."""
