// The name of the app in Microsoft Entra: it owns nothing, and roles.bicep and Microsoft 365 give it what it needs.
@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = identity.id

@description('Client id: what tokens are asked with.')
output clientId string = identity.properties.clientId

@description('Object id of its service principal: what roles are given to.')
output principalId string = identity.properties.principalId
