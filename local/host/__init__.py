"""A small Azure Functions host for one Python app on one machine.

The app is loaded and run by `azure-functions-runtime`, the language worker's own library, so its functions behave as
they do in Azure; this package is the other half, the triggers. Where Core Tools are installed, `func start` does the
same.
"""
