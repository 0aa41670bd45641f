"""App-only tokens for Graph, by managed identity, secret or certificate: no user signs in."""

import asyncio
import base64
import json
import uuid
from typing import Any, Protocol

from azure.core.exceptions import AzureError
from azure.identity.aio import (
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_authentication_azure.azure_identity_access_token_provider import AzureIdentityAccessTokenProvider

from shared.settings import GraphCredential, GraphService
from shared.settings.clouds import CLOUDS


class Credential(Protocol):
    """A credential, which has connections to close."""

    async def close(self) -> None:
        """Close the connections."""
        ...


def make_credential(service: GraphService) -> Credential | None:
    """Return the credential that the settings describe, or None for a local Graph that takes any token."""
    authority = service.cloud.login
    tenant, client = service.tenant_id or "", service.client_id or ""
    match service.credential:
        case GraphCredential.MANAGED_IDENTITY:
            return ManagedIdentityCredential(client_id=service.client_id)
        case GraphCredential.CLIENT_SECRET:
            return ClientSecretCredential(tenant, client, service.client_secret or "", authority=authority)
        case GraphCredential.CLIENT_CERTIFICATE:
            return CertificateCredential(
                tenant,
                client,
                service.certificate_path,
                password=service.certificate_password,
                authority=authority,
            )
        case GraphCredential.WORKLOAD_IDENTITY:
            return WorkloadIdentityCredential(
                tenant_id=tenant, client_id=client, token_file_path=service.token_file, authority=authority
            )
        case GraphCredential.NONE:
            return None


def make_authentication(credential: Credential | None, host: str) -> BaseBearerTokenAuthenticationProvider:
    """Return the authentication that adds the token to requests to `host`, and to no others."""
    if credential is None:
        return BaseBearerTokenAuthenticationProvider(_FixedToken())
    # The scope of a local Graph is the global one, so that a real credential can be tried against it.
    scope = f"https://{host if host in CLOUDS else 'graph.microsoft.com'}/.default"
    provider: Any = credential
    return BaseBearerTokenAuthenticationProvider(
        _SingleFlight(AzureIdentityAccessTokenProvider(provider, None, scopes=[scope], allowed_hosts=[host]))
    )


async def app_id_in_token(tokens: AccessTokenProvider, url: str) -> str | None:
    """Return the client id of the app that a token for `url` was issued to, None if the token does not say.

    For people to read only: nothing is verified. The claim is `appid`, or `azp` in tokens of version 2:
    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    claims = await _claims(tokens, url)
    return _guid(claims.get("appid") or claims.get("azp"))


async def tenant_id_in_token(tokens: AccessTokenProvider, url: str) -> str | None:
    """Return the tenant that a token for `url` is for, None if the token does not say."""
    return _guid((await _claims(tokens, url)).get("tid"))


async def _claims(tokens: AccessTokenProvider, url: str) -> dict[str, Any]:
    try:
        payload = (await tokens.get_authorization_token(url)).split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (AzureError, LookupError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _guid(value: object) -> str | None:
    try:
        return str(uuid.UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


class _FixedToken(AccessTokenProvider):
    """The token for a Graph on this machine, which the settings allow nowhere else."""

    async def get_authorization_token(
        self,
        uri: str,  # noqa: ARG002 - the interface's
        additional_authentication_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> str:
        return "local"

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


class _SingleFlight(AccessTokenProvider):
    """Asks for one token at a time: without it, many first calls at once would each fetch their own."""

    def __init__(self, inner: AzureIdentityAccessTokenProvider) -> None:
        self._inner = inner
        self._lock = asyncio.Lock()

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        async with self._lock:
            return await self._inner.get_authorization_token(uri, additional_authentication_context or {})

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._inner.get_allowed_hosts_validator()
