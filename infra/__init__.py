"""The way to Azure and into Microsoft 365: templates, permission scripts, the deployment package."""
