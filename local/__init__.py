"""The local stack: storage emulator, Functions host, Microsoft Graph stand-in. Nothing of it runs in Azure."""
