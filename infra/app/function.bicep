// The function app: Flex Consumption, Python 3.13, everything by identity.
@description('Name of the function app.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the user-assigned identity.')
param identityId string

@description('Client id of the user-assigned identity.')
param identityClientId string

@description('Name of the storage account.')
param storageName string

@description('Container of the package of the app.')
param packageContainer string

@description('Name of the Application Insights component.')
param componentName string

@description('Subnet for the app; empty for none.')
param subnetId string

@description('Memory of an instance in MB.')
param instanceMemoryMB int

@description('Most instances of each group of functions.')
param maximumInstanceCount int

@description('HTTP requests at once in one instance.')
param httpConcurrency int

@description('Instances kept ready for HTTP.')
param alwaysReadyInstances int

@description('Client id of the app registration that callers ask tokens for; empty: no App Service authentication.')
param authClientId string

@description('Client ids of the applications that may call; empty for every application of the tenant.')
param authAllowedApplications array

@description('Settings of the app by name.')
param settings object

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: storageName }

resource component 'Microsoft.Insights/components@2020-02-02' existing = { name: componentName }

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  // `azd deploy` finds the app of its service `api` by this tag.
  tags: union(tags, { 'azd-service-name': 'api' })
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
    }
    functionAppConfig: {
      runtime: { name: 'python', version: '3.13' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      // How many calls reach one mailbox? Graph takes 4 at once of one app for one mailbox, and refuses the fifth with
      // 429 and a Retry-After, which costs time and no meeting: the request waits as a delayed message.
      //   One process never has more than GRAPH_CALLS_PER_MAILBOX (4) in progress for one organizer, and instances that are
      //   at work for the same organizer share these 4 by a row in the storage.
      //   One instance takes up to 24 messages (host.json: batchSize 2 + newBatchThreshold 22).
      //   Queue and HTTP functions scale apart, each up to maximumInstanceCount.
      // Many organizers: 40 instances x 24 messages = 960 in progress, spread over mailboxes; the default.
      // One organizer for all (a booking mailbox): n messages at once bring about n / 24 instances, which one mailbox cannot
      // use: one instance makes as many meetings as ten. With maximumInstanceCount 1 the same costs less.
      // https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances > 0 ? [{ name: 'http', instanceCount: alwaysReadyInstances }] : []
        // The platform's default for Python is one request per instance: right for blocking code, and this code does not
        // block; with it sixteen callers that wait for Graph would start sixteen instances.
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
  }
}

// The names are the platform's, except for MeetingStorage and what `settings` brings: a test holds the list.
// Not set, on purpose: PYTHON_ENABLE_OPENTELEMETRY and PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY. host.json turns
// OpenTelemetry on in the host, which exports the log of the app with its own. Either setting makes the worker say that
// it exports the log by itself, and the host then drops it; the app has no exporter.
// https://learn.microsoft.com/azure/azure-functions/opentelemetry-howto
resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    {
      AzureWebJobsStorage__blobServiceUri: account.properties.primaryEndpoints.blob
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      MeetingStorage__queueServiceUri: account.properties.primaryEndpoints.queue
      MeetingStorage__tableServiceUri: account.properties.primaryEndpoints.table
      MeetingStorage__credential: 'managedidentity'
      MeetingStorage__clientId: identityClientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      // All of the log: Azure Monitor's exporter keeps five traces a second by default from version 1.6 on, and drops the
      // log lines of the others. https://github.com/Azure/azure-sdk-for-net/pull/54942
      OTEL_TRACES_SAMPLER: 'microsoft.fixed_percentage'
      OTEL_TRACES_SAMPLER_ARG: '1'
    },
    settings
  )
}

// No user name and password for deployments: the pipeline comes with a token. One child of the site after the other:
// writes to one site at the same time may be refused with 409.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  dependsOn: [appSettings]
  properties: { allow: false }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  dependsOn: [ftp]
  properties: { allow: false }
}

// Who calls HTTP shows a token of the tenant beside the function key; the app reads who it is from the header that this
// sets and that nobody else can. https://learn.microsoft.com/azure/app-service/overview-authentication-authorization
resource authentication 'Microsoft.Web/sites/config@2025-03-01' = if (!empty(authClientId)) {
  parent: app
  name: 'authsettingsV2'
  dependsOn: [scm]
  properties: {
    platform: { enabled: true }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
      excludedPaths: ['/api/health']
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: authClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [authClientId, 'api://${authClientId}']
          defaultAuthorizationPolicy: { allowedApplications: authAllowedApplications }
        }
      }
    }
    login: { tokenStore: { enabled: false } }
    httpSettings: { requireHttps: true }
  }
}

@description('Name of the function app.')
output name string = app.name

@description('Host name of the function app.')
output hostName string = app.properties.defaultHostName
