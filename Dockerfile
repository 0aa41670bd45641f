# The app as a container, for whatever runs containers: docs/containers.md names its settings.
#   make package PACKAGE= && docker build --platform linux/amd64 --tag convene .
FROM mcr.microsoft.com/azure-functions/python:4-python3.13

# Outside Azure's own plans the worker does not look for the libraries beside the app.
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    FUNCTIONS_WORKER_RUNTIME=python \
    PYTHONPATH=/home/site/wwwroot/.python_packages/lib/site-packages

COPY dist/package /home/site/wwwroot
EXPOSE 80
