"""The deployment package: a zip with the app, and of its libraries only what the app reaches."""
