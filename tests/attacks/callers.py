"""Callers whom App Service authentication tells apart."""

from typing import Final

ALICE: Final = "11111111-1111-4111-8111-111111111111"
BOB: Final = "22222222-2222-4222-8222-222222222222"
OPERATOR: Final = "33333333-3333-4333-8333-333333333333"
AUTHENTICATED: Final = {"WEBSITE_AUTH_ENABLED": "True"}
