// Who may do what. Nothing here is wider than its reason beside it.
@description('Name of the storage account.')
param storageName string

@description('Name of the Application Insights component.')
param componentName string

@description('Object id of the service principal of the identity of the app.')
param principalId string

@description('Name of the queue of requests.')
param requestQueue string

@description('Name of the queue of results; empty for none.')
param resultQueue string

@description('Object ids of those who may put requests on the queue.')
param senderPrincipalIds array

@description('Object ids of those who may take results from the queue.')
param resultReaderPrincipalIds array

@description('Make a custom role for the queue triggers.')
param customQueueRole bool

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var queueDataMessageProcessor = '8a0f0c08-91a1-4084-bc3d-661d67233fed'
var queueDataReader = '19e7f393-937e-4f77-808e-94535d297925'
var queueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: storageName }

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource requests 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  parent: queues
  name: requestQueue
}

resource poison 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  parent: queues
  name: '${requestQueue}-poison'
}

resource results 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  parent: queues
  name: empty(resultQueue) ? 'unused' : resultQueue
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource meetings 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = {
  parent: tables
  name: 'Meetings'
}

resource schedules 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = {
  parent: tables
  name: 'Schedules'
}

resource closedMailboxes 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = {
  parent: tables
  name: 'Mailboxes'
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = { name: componentName }

// What a queue trigger and the app do on the queue of requests: look at it (queues/read), peek (messages/read), take and
// delete (messages/process/action), send, and change a message's visibility (messages/write). Without messages/write,
// which Storage Queue Data Message Processor lacks, a message that failed could not be shown again, and the host ends when
// it may not do that. The smallest built-in role that suffices, Storage Queue Data Contributor, may also delete queues.
resource queueTrigger 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (customQueueRole) {
  name: guid(resourceGroup().id, 'convene-queue-trigger')
  properties: {
    // A role's name is unique in its tenant.
    roleName: 'Convene Queue Trigger ${uniqueString(resourceGroup().id)}'
    description: 'Takes messages from a queue of Convene, changes their visibility and sends new ones.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: ['Microsoft.Storage/storageAccounts/queueServices/queues/read']
        notActions: []
        dataActions: [
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/read'
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action'
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/write'
        ]
        notDataActions: []
      }
    ]
  }
}

// A queue that somebody has deleted: the host ends when it finds no poison queue to put a message into, and again after each
// start. The upkeep creates what is missing. Azure knows no narrower right than queues/write, which also sets a queue's
// metadata, on the three queues by name; deleting them is not in it.
resource queueKeeper 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (customQueueRole) {
  name: guid(resourceGroup().id, 'convene-queue-keeper')
  properties: {
    roleName: 'Convene Queue Keeper ${uniqueString(resourceGroup().id)}'
    description: 'Sees whether a queue of Convene is there, and creates it when it is missing; deletes no queue.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/queueServices/queues/read'
          'Microsoft.Storage/storageAccounts/queueServices/queues/write'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

var resultReaders = empty(resultQueue) ? [] : resultReaderPrincipalIds
var keepsResults = customQueueRole && !empty(resultQueue)
var contributorId = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataContributor)
var queueRole = customQueueRole ? queueTrigger.id : contributorId

resource takesRequests 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(requests.id, principalId, queueRole)
  scope: requests
  properties: { principalId: principalId, principalType: 'ServicePrincipal', roleDefinitionId: queueRole }
}

// The host copies messages there, the app sends meetings there that keep crashing it, and a timer looks at both and leaves
// them. Where there are more than a peek shows it receives them, for a moment: hence the same role.
resource setsAside 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(poison.id, principalId, queueRole)
  scope: poison
  properties: { principalId: principalId, principalType: 'ServicePrincipal', roleDefinitionId: queueRole }
}

resource keepsRequestQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (customQueueRole) {
  name: guid(requests.id, principalId, 'convene-queue-keeper')
  scope: requests
  properties: { principalId: principalId, principalType: 'ServicePrincipal', roleDefinitionId: queueKeeper.id }
}

resource keepsPoisonQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (customQueueRole) {
  name: guid(poison.id, principalId, 'convene-queue-keeper')
  scope: poison
  properties: { principalId: principalId, principalType: 'ServicePrincipal', roleDefinitionId: queueKeeper.id }
}

resource keepsResultQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (keepsResults) {
  name: guid(results.id, principalId, 'convene-queue-keeper')
  scope: results
  properties: { principalId: principalId, principalType: 'ServicePrincipal', roleDefinitionId: queueKeeper.id }
}

// How many results wait, and since when: a peek takes nothing away.
resource seesResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(resultQueue)) {
  name: guid(results.id, principalId, queueDataReader)
  scope: results
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataReader)
  }
}

resource sendsResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(resultQueue)) {
  name: guid(results.id, principalId, queueDataMessageSender)
  scope: results
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataMessageSender)
  }
}

// Rows of the three tables, and of no other: on the tables, not on the account.
resource keepsMeetings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(meetings.id, principalId, tableDataContributor)
  scope: meetings
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}

resource keepsSchedules 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(schedules.id, principalId, tableDataContributor)
  scope: schedules
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}

resource keepsMailboxes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(closedMailboxes.id, principalId, tableDataContributor)
  scope: closedMailboxes
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}

// AzureWebJobsStorage: the host keeps its function keys and the leases of its timers in blobs, in containers that it
// makes itself, and fetches the package of the app. Microsoft names Storage Blob Data Owner for it; queues and tables
// are asked of host storage only by blob triggers and by diagnostic events, which are not used here.
// https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
resource hostStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, blobDataOwner)
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
  }
}

// Telemetry, since Application Insights takes no key here.
resource writesTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, principalId, monitoringMetricsPublisher)
  scope: component
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

// Other systems put requests on the queue, and can neither read nor take what others put there.
resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in senderPrincipalIds: {
    name: guid(requests.id, id, queueDataMessageSender)
    scope: requests
    properties: {
      principalId: id
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataMessageSender)
    }
  }
]

// Other systems take results: peek, receive, delete. A reader that is a function app itself needs messages/write too.
resource resultReader 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in resultReaders: {
    name: guid(results.id, id, queueDataMessageProcessor)
    scope: results
    properties: {
      principalId: id
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataMessageProcessor)
    }
  }
]
