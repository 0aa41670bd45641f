"""The version of the app, as CHANGELOG.md tells its history."""

VERSION = "0.1.0"
