// Everything that Convene needs in Azure, in one resource group. It needs permissions in Microsoft 365 as well:
// infra/permissions/ and docs/permissions.md.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment; every resource is named after it.')
param environmentName string

@minLength(1)
@description('Region of every resource. It has to offer Flex Consumption: az functionapp list-flexconsumption-locations.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Name of the resource group; empty for rg-, and the environment.')
param resourceGroupName string = ''

@description('Setting ALLOWED_ORGANIZERS: object ids, user principal names and @domain suffixes, separated by commas; * for every organizer that the policies of the tenant allow.')
param allowedOrganizers string = '*'

@description('Setting CALLERS: an object whose keys are the object ids of callers and whose values say what each may ask for; empty for no such rule. Callers are known only behind App Service authentication (authClientId).')
param callers object = {}

@description('Setting TRUSTED_HOSTS: custom domains of the app and host names of a gateway in front of it, separated by commas, that the links of its answers may contain; empty for none.')
param trustedHosts string = ''

@description('Setting GRAPH_BASE_URL: the root of Microsoft Graph, of a national cloud where the tenant is in one.')
param graphBaseUrl string = 'https://graph.microsoft.com/v1.0'

@allowed(['managedIdentity', 'clientSecret'])
@description('Setting GRAPH_CREDENTIAL: as whom the app calls Graph. clientSecret is for a Microsoft 365 tenant other than the tenant of the subscription, where a managed identity does not exist.')
param graphCredential string = 'managedIdentity'

@description('With clientSecret: tenant id of the organizers (AZURE_TENANT_ID).')
param graphTenantId string = ''

@description('With clientSecret: client id of the app registration in that tenant (AZURE_CLIENT_ID).')
param graphClientId string = ''

@description('With clientSecret: URI of the Key Vault secret that holds the client secret (AZURE_CLIENT_SECRET), such as https://contoso.vault.azure.net/secrets/convene. The identity of the app needs Key Vault Secrets User on it.')
param graphClientSecretUri string = ''

@description('Setting GRAPH_CALLS_PER_MAILBOX: calls at once for one organizer in one process. Graph takes 4 of one app.')
param graphCallsPerMailbox string = '4'

@description('Setting GIVE_UP_AFTER: how long a request is tried, as an ISO 8601 duration.')
param giveUpAfter string = 'PT24H'

@description('Setting RESULT_TIME_TO_LIVE: how long a result waits before the queue drops it, as an ISO 8601 duration.')
param resultTimeToLive string = 'P7D'

@description('Setting RETENTION: how long finished meetings are remembered, as an ISO 8601 duration.')
param retention string = 'P90D'

@description('Setting UPKEEP_SCHEDULE: when stalled meetings are retried, as an NCRONTAB expression.')
param upkeepSchedule string = '0 */5 * * * *'

@description('Setting CRASHES_SCHEDULE: when messages in the poison queue are recorded as crashes, as an NCRONTAB expression.')
param crashesSchedule string = '30 * * * * *'

@description('Setting SCHEDULES_SCHEDULE: when meetings of schedules are made, as an NCRONTAB expression.')
param schedulesSchedule string = '0 */5 * * * *'

@description('Setting REQUEST_QUEUE: the queue of meeting requests; its poison queue is made beside it.')
param requestQueue string = 'meeting-requests'

@description('Setting RESULT_QUEUE: the queue of finished meetings; empty for none.')
param resultQueue string = 'meeting-results'

@description('Name of an Event Grid topic to create, which is sent the same events as the queue of results (setting RESULT_TOPIC); empty for none.')
param resultTopic string = ''

@description('Setting WATCH: on, or off for an app that does not look at meetings after they were created.')
@allowed(['on', 'off'])
param watch string = 'on'

@description('Setting WATCH_SCHEDULE: when the app looks at meetings that are due, as an NCRONTAB expression.')
param watchSchedule string = '0 */5 * * * *'

@description('Setting ARTIFACTS: what may be read of meetings that have taken place, of attendance, transcripts and recordings, separated by commas; empty for nothing. Each takes a permission (docs/permissions.md).')
param artifacts string = ''

@description('Object ids, separated by commas, of applications, groups or users that may put requests on the queue.')
param senderPrincipalIds string = ''

@description('Object ids, separated by commas, of applications, groups or users that may take results from the queue.')
param resultReaderPrincipalIds string = ''

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
@description('Redundancy of the storage account. An app that loses its ledger can make a meeting twice: ZRS survives a zone; LRS is for regions without zones.')
param storageRedundancy string = 'Standard_ZRS'

@allowed([512, 2048, 4096])
@description('Memory of an instance in MB.')
param instanceMemoryMB int = 2048

@minValue(1)
@maxValue(1000)
@description('Most instances of each group of functions; app/function.bicep has the arithmetic.')
param maximumInstanceCount int = 40

@minValue(1)
@maxValue(1000)
@description('HTTP requests at once in one instance.')
param httpConcurrency int = 16

@minValue(0)
@maxValue(20)
@description('Instances kept ready for HTTP, which have no cold start and cost money when idle.')
param alwaysReadyInstances int = 0

@description('Client id of the app registration that callers ask tokens for; turns App Service authentication on. Empty: function keys alone.')
param authClientId string = ''

@description('With authClientId: client ids, separated by commas, of the applications that may call; empty for every application of the tenant.')
param authAllowedApplications string = ''

@description('Put the app into a virtual network and close the storage account to everybody outside it.')
param vnetEnabled bool = false

@description('Make two custom roles for the queues. false: the wider Storage Queue Data Contributor, for deployers that may not write role definitions.')
param customQueueRole bool = true

@description('Resource id of the action group that alerts call; empty: alerts are only shown in the portal.')
param actionGroupId string = ''

@minValue(1)
@maxValue(100)
@description('Alert: more than this percentage of the meetings that ended within 15 minutes have failed.')
param failureRatePercent int = 20

@minValue(1)
@maxValue(1440)
@description('Alert: a meeting has been pending for more than this many minutes.')
param oldestPendingMinutes int = 30

@allowed(['PT15M', 'PT30M', 'PT1H', 'PT2H'])
@description('Alert: the upkeep has not run for so long. At least three times the period of upkeepSchedule.')
param heartbeatWindow string = 'PT15M'

@minValue(0)
@maxValue(100000)
@description('Alert: more than this many HTTP answers of the class 5xx within 15 minutes.')
param serverErrors int = 10

@minValue(1)
@maxValue(168)
@description('Alert: a result has waited in the result queue for more than this many hours.')
param oldestResultHours int = 24

@minValue(1)
@maxValue(1000000)
@description('Alert: more than this many results wait in the result queue.')
param waitingResults int = 1000

@allowed([0, 300, 600, 900])
@description('Availability test: seconds between two questions from one place; 0 for no test. Each question is an execution.')
param availabilitySeconds int = 300

@description('Availability test: ids of the places that ask. Two that get no answer are an alert.')
param availabilityPlaces array = ['us-va-ash-azr', 'emea-nl-ams-azr', 'apac-sg-sin-azr']

@minValue(0)
@description('Budget of a month in the currency of the subscription: mail at 80 per cent, and when 100 are to be expected. 0 for none.')
param monthlyBudget int = 0

@description('With monthlyBudget: first day of the month in which it begins, such as 2026-12-01. It cannot be changed later.')
param budgetStart string = ''

@minValue(0)
@description('GB of log that a day may bring; what comes after is dropped, and the heartbeat alert fires. 0 for no limit.')
param logDailyCapGB int = 0

@minValue(30)
@maxValue(730)
@description('Days that the log is kept.')
param logRetentionDays int = 30

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var senders = empty(senderPrincipalIds) ? [] : split(replace(senderPrincipalIds, ' ', ''), ',')
var resultReaders = empty(resultReaderPrincipalIds) ? [] : split(replace(resultReaderPrincipalIds, ' ', ''), ',')
var applications = empty(authAllowedApplications) ? [] : split(replace(authAllowedApplications, ' ', ''), ',')

var secretSettings = {
  AZURE_TENANT_ID: graphTenantId
  AZURE_CLIENT_SECRET: '@Microsoft.KeyVault(SecretUri=${graphClientSecretUri})'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: empty(resourceGroupName) ? 'rg-${environmentName}' : resourceGroupName
  location: location
  tags: tags
}

module identity './app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-convene-${token}', location: location, tags: tags }
}

module network './app/network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: { name: 'vnet-convene-${token}', location: location, tags: tags }
}

module storage './app/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    redundancy: storageRedundancy
    requestQueue: requestQueue
    resultQueue: resultQueue
    privateOnly: vnetEnabled
  }
}

module endpoints './app/endpoints.bicep' = if (vnetEnabled) {
  name: 'endpoints'
  scope: group
  params: {
    location: location
    tags: tags
    storageName: storage.outputs.name
    networkName: 'vnet-convene-${token}'
    subnetId: vnetEnabled ? network!.outputs.endpointSubnetId : ''
  }
}

module monitoring './app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    name: 'convene-${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGB: logDailyCapGB
  }
}

module roles './app/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    storageName: storage.outputs.name
    componentName: monitoring.outputs.componentName
    principalId: identity.outputs.principalId
    requestQueue: requestQueue
    resultQueue: resultQueue
    senderPrincipalIds: senders
    resultReaderPrincipalIds: resultReaders
    customQueueRole: customQueueRole
  }
}

module topic './app/topic.bicep' = if (!empty(resultTopic)) {
  name: 'topic'
  scope: group
  params: { name: resultTopic, location: location, tags: tags, principalId: identity.outputs.principalId }
}

module app './app/function.bicep' = {
  name: 'function'
  scope: group
  // Without its roles the app cannot fetch its own package, nor reach its queues.
  dependsOn: [roles, endpoints]
  params: {
    name: 'func-convene-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    componentName: monitoring.outputs.componentName
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReadyInstances: alwaysReadyInstances
    authClientId: authClientId
    authAllowedApplications: applications
    // docs/settings.md says what each setting means. A test compares these names with those that the app reads.
    settings: union(
      {
        GRAPH_CREDENTIAL: graphCredential
        GRAPH_BASE_URL: graphBaseUrl
        ALLOWED_ORGANIZERS: allowedOrganizers
        GRAPH_CALLS_PER_MAILBOX: graphCallsPerMailbox
        REQUEST_QUEUE: requestQueue
        RESULT_QUEUE: resultQueue
        RESULT_TOPIC: empty(resultTopic) ? '' : topic!.outputs.endpoint
        WATCH: watch
        WATCH_SCHEDULE: watchSchedule
        ARTIFACTS: artifacts
        GIVE_UP_AFTER: giveUpAfter
        RESULT_TIME_TO_LIVE: resultTimeToLive
        UPKEEP_SCHEDULE: upkeepSchedule
        CRASHES_SCHEDULE: crashesSchedule
        SCHEDULES_SCHEDULE: schedulesSchedule
        RETENTION: retention
        CALLERS: empty(callers) ? '' : string(callers)
        TRUSTED_HOSTS: trustedHosts
      },
      { AZURE_CLIENT_ID: graphCredential == 'managedIdentity' ? identity.outputs.clientId : graphClientId },
      graphCredential == 'managedIdentity' ? {} : secretSettings
    )
  }
}

module workbook './app/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: { location: location, tags: tags, workspaceId: monitoring.outputs.workspaceId }
}

module alerts './app/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    name: 'convene-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: actionGroupId
    heartbeatWindow: heartbeatWindow
    failureRatePercent: failureRatePercent
    oldestPendingMinutes: oldestPendingMinutes
    serverErrors: serverErrors
    oldestResultHours: oldestResultHours
    waitingResults: waitingResults
  }
}

module availability './app/availability.bicep' = if (availabilitySeconds > 0) {
  name: 'availability'
  scope: group
  params: {
    name: 'convene-${token}'
    location: location
    tags: tags
    componentName: monitoring.outputs.componentName
    url: 'https://${app.outputs.hostName}/api/health'
    seconds: availabilitySeconds
    places: availabilityPlaces
    actionGroupId: actionGroupId
  }
}

module budget './app/budget.bicep' = if (monthlyBudget > 0) {
  name: 'budget'
  scope: group
  params: { name: 'convene-${token}', amount: monthlyBudget, start: budgetStart, actionGroupId: actionGroupId }
}

@description('Name of the function app.')
output AZURE_FUNCTION_NAME string = app.outputs.name

@description('Root of the HTTP interface.')
output CONVENE_URL string = 'https://${app.outputs.hostName}/api'

@description('Resource group of everything.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Where a sender puts requests: the queue service of the storage account.')
output CONVENE_QUEUE_SERVICE_URI string = storage.outputs.queueServiceUri

@description('Client id of the identity of the app: what Exchange and Teams call the app by.')
output CONVENE_CLIENT_ID string = identity.outputs.clientId

@description('Object id of the service principal of the identity: what Graph permissions are granted to.')
output CONVENE_OBJECT_ID string = identity.outputs.principalId
