// The topic to which the app sends what it sends to the queue of results. Who subscribes gets webhooks, queues or functions
// of their own, each with retries and dead letters: docs/recipes/webhook/subscriptions.bicep.
@description('Name of the topic.')
param name string

@description('Region of the topic.')
param location string

@description('Tags of the topic.')
param tags object

@description('Object id of the service principal of the identity of the app.')
param principalId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/integration#eventgrid-data-sender
var eventGridDataSender = 'd5a91429-5739-47e2-a06b-3470a27159e7'

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  // Delivers to queues, without a key.
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    // The app comes with a token; there is no key to lose.
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
  }
}

resource sends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, principalId, eventGridDataSender)
  scope: topic
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventGridDataSender)
  }
}

@description('URL that takes events.')
output endpoint string = topic.properties.endpoint
