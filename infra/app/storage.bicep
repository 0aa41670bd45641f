// One account: the queues and tables of the app, the package that it runs, and what the Functions host keeps.
@description('Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Redundancy, as the name of a SKU.')
param redundancy string

@description('Name of the queue of requests.')
param requestQueue string

@description('Name of the queue of results; empty for none.')
param resultQueue string

@description('Let nobody in but private endpoints.')
param privateOnly bool

var packageContainerName = 'app-package'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    // No account key and no SAS made of one gives access: every client has a role.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateOnly ? 'Deny' : 'Allow'
      bypass: 'None'
    }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      // Queues and tables too under a key of the account, so that a key of one's own can be set later.
      services: {
        blob: { enabled: true, keyType: 'Account' }
        file: { enabled: true, keyType: 'Account' }
        queue: { enabled: true, keyType: 'Account' }
        table: { enabled: true, keyType: 'Account' }
      }
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: packageContainerName
  properties: { publicAccess: 'None' }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource requests 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: requestQueue
}

// Created here: until the upkeep runs, nobody creates a queue that is missing, and the host ends without this one.
resource poison 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: '${requestQueue}-poison'
}

resource results 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = if (!empty(resultQueue)) {
  parent: queues
  name: empty(resultQueue) ? 'unused' : resultQueue
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource meetings 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = {
  parent: tables
  name: 'Meetings'
}

resource schedules 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = {
  parent: tables
  name: 'Schedules'
}

resource closedMailboxes 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = {
  parent: tables
  name: 'Mailboxes'
}

@description('Name of the account.')
output name string = account.name

@description('Container of the package of the app.')
output packageContainer string = packageContainerName

@description('Where senders put requests.')
output queueServiceUri string = account.properties.primaryEndpoints.queue
