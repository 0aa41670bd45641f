// Two ways to get Convene's events from its topic (parameter `resultTopic` of infra/main.bicep): a webhook with a secret
// and a container for undelivered events, and a queue for one caller's meetings. Deploy it into the topic's resource
// group:
//
//   az deployment group create --resource-group RESOURCE_GROUP --template-file subscriptions.bicep \
//     --parameters topicName=TOPIC accountName=ACCOUNT webhookUrl=https://HOST/ webhookSecret=SECRET
//
// Event Grid writes to the account with the topic's identity, so the account needs no key. The account's network must
// admit Event Grid, as a trusted service or from every network. A role takes minutes to take effect: if the deployment
// says that the identity may not write, deploy again.
@description('Name of the topic of the app.')
param topicName string

@description('Name of a storage account in this resource group, for the queue and for the dead letters.')
param accountName string

@description('URL of the receiver, which answers the handshake while this is deployed.')
param webhookUrl string

@description('Secret that the receiver expects.')
@secure()
param webhookSecret string

@description('Name of the queue of the caller.')
param queueName string = 'meeting-events'

@description('Prefix of the references that the caller uses.')
param referencePrefix string = 'visit-'

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageQueueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'

var eventTypes = [
  'meeting.succeeded'
  'meeting.failed'
  'meeting.cancelled'
  'meeting.changed'
  'meeting.removed'
  'meeting.responded'
  'meeting.attended'
]

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'dead-letters'
  properties: { publicAccess: 'None' }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: queueName
}

resource writesDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deadLetters.id, topic.id, storageBlobDataContributor)
  scope: deadLetters
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource sendsMessages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, topic.id, storageQueueDataMessageSender)
  scope: queue
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataMessageSender)
  }
}

resource webhook 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'webhook'
  properties: {
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: webhookUrl
        minimumTlsVersionAllowed: '1.2'
        // https://learn.microsoft.com/azure/event-grid/delivery-properties
        deliveryAttributeMappings: [
          { name: 'Authorization', type: 'Static', properties: { value: 'Bearer ${webhookSecret}', isSecret: true } }
        ]
      }
    }
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: { includedEventTypes: eventTypes }
    retryPolicy: { eventTimeToLiveInMinutes: 1440, maxDeliveryAttempts: 30 }
    // Without it Event Grid drops events that the receiver refuses (400, 401, 403, 413) or does not accept within a day.
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: account.id, blobContainerName: deadLetters.name }
      }
    }
  }
  dependsOn: [writesDeadLetters]
}

resource toQueue 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: queueName
  properties: {
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'StorageQueue'
        properties: { resourceId: account.id, queueName: queue.name, queueMessageTimeToLiveInSeconds: 604800 }
      }
    }
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: eventTypes
      advancedFilters: [{ operatorType: 'StringBeginsWith', key: 'data.reference', values: [referencePrefix] }]
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: account.id, blobContainerName: deadLetters.name }
      }
    }
  }
  dependsOn: [sendsMessages, writesDeadLetters]
}
